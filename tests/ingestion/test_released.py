"""What the policy keeps back of an upload: who sees it, and how it is let go on."""

from __future__ import annotations

import uuid
from unittest import mock

import pytest

from governance import grants
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.grants import Holder
from governance.policy.rules import Action, Stage
from governance.roles import Level
from ingestion import documents, search
from ingestion.documents import extracts, purging, versions
from ingestion.documents.extracts import Wanted
from ingestion.models import Chunk, Status
from ingestion.parsers.limited import sandbox
from tests.cast import House
from tests.governance import policies
from tests.governance.database import leaves
from tests.ingestion import bells, ingests
from tests.ingestion.test_parts import mail, within

SECRET = "Deploy with AWS key AKIAQYLPMN5HHHFPKX7C and be quick about the hotel."


REASON = "The key was revoked a year ago, and the page is needed."


@pytest.fixture
def _no_secrets(house: House) -> None:
    on_upload(house, Action.BLOCK)


def on_upload(house: House, action: Action) -> None:
    policies.change(house, lambda rule: rule.acting(action) if Stage.UPLOAD in rule.stages else rule)


@pytest.mark.usefixtures("_no_secrets")
def test_what_the_policy_keeps_back_is_shown_to_who_runs_the_collection_alone(
    house: House, neighbour: House, collection: uuid.UUID
) -> None:
    row = bells.ingested(house, collection, SECRET)
    version = ingests.version(house, row)
    assert version.status == Status.QUARANTINED
    assert versions.rules_of(version) == ["secrets-upload"]
    assert ingests.found(house, "hotel") == []
    kept = extracts.found(house.ada, row.pk, Wanted(number=1))
    assert [chunk.text for chunk in kept.page.rows] == [SECRET]
    assert all(chunk.is_kept_back for chunk in kept.page.rows)
    for scope, refusal in ((house.bob, Forbidden), (house.charlie, NotFound), (neighbour.ada, NotFound)):
        with pytest.raises(refusal):
            extracts.found(scope, row.pk, Wanted(number=1))
        with pytest.raises(refusal):
            documents.open_file(scope, row.pk)
        with pytest.raises(refusal):
            versions.release(scope, row.pk, REASON)
    grants.give(house.ada, collection, Holder(group=house.team), Level.CONTRIBUTE)
    with house.bob.transaction():  # and Postgres says the same
        assert not Chunk.objects.filter(tenant_id=house.tenant, document_id=row.pk).exists()
    with pytest.raises(Forbidden):
        documents.open_file(house.bob, row.pk)


@pytest.mark.usefixtures("_no_secrets")
def test_a_release_takes_a_reason_goes_on_from_the_passages_and_stands_on_the_record(
    house: House, collection: uuid.UUID
) -> None:
    row = bells.ingested(house, collection, SECRET)
    with pytest.raises(InvalidInput):
        versions.release(house.ada, row.pk, "ok")
    with bells.silent() as rung:
        versions.release(house.ada, row.pk, REASON)
    assert rung == [True]
    with mock.patch.object(sandbox, "run", side_effect=AssertionError("it was read already")):
        bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.READY
    assert ingests.found(house, "hotel") == [SECRET]
    assert [one.text for one in search.document_text(house.bob, row.pk)] == [SECRET]
    (leaf,) = leaves(house, "document.released")
    assert leaf["facts"]["rules"] == ["secrets-upload"]
    assert REASON not in str(leaf)
    assert "released" in ingests.stages(ingests.version(house, row))
    with pytest.raises(Conflict):
        versions.release(house.ada, row.pk, REASON)


@pytest.mark.usefixtures("_no_secrets")
def test_trying_a_quarantined_document_again_asks_the_policy_again(house: House, collection: uuid.UUID) -> None:
    """A retry is no way around the policy, for passages that stand as little as for others."""
    row = bells.ingested(house, collection, SECRET)
    for action, status in ((Action.BLOCK, Status.QUARANTINED), (Action.FLAG, Status.READY)):
        on_upload(house, action)
        with bells.silent():
            documents.retry(house.ada, row.pk)
        bells.ingest(house, row)
        assert ingests.version(house, row).status == status
    assert ingests.found(house, "hotel") == [SECRET]
    assert purging.verify_index(house.system).total == 0


@pytest.mark.usefixtures("_no_secrets")
def test_a_worker_that_dies_on_a_quarantined_document_leaves_nothing_that_goes_on(
    house: House, collection: uuid.UUID
) -> None:
    """The passages and that they are kept back come in one commit: there is no moment with one and not the other."""
    row = bells.upload(house, collection, SECRET)
    with (
        mock.patch("ingestion.pipeline.ending.close", side_effect=ingests.KilledError),
        pytest.raises(ingests.KilledError),
    ):
        bells.ingest(house, row)
    with house.system.transaction():
        assert not Chunk.objects.filter(tenant_id=house.tenant, document_id=row.pk).exists()
    ingests.lapse(house, row)
    bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.QUARANTINED


@pytest.mark.usefixtures("_no_secrets")
def test_what_is_packed_into_a_document_waits_for_its_release(house: House, collection: uuid.UUID) -> None:
    with bells.silent():
        row = bells.ingested(house, collection, mail(text=SECRET, note_txt=b"Forty zebras."), "offer.eml")
        assert ingests.version(house, row).status == Status.QUARANTINED
        assert within(house, row) == {}
        versions.release(house.ada, row.pk, REASON)
        bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.READY
    assert list(within(house, row)) == ["note.txt"]
    assert any(SECRET in text for text in ingests.found(house, "hotel"))
