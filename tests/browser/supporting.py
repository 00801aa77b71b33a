"""The pages of support cases, on both sides, in their states."""

from __future__ import annotations

from governance import models, support
from governance.roles import SupportLevel
from governance.support import looks
from ingestion.documents import supported
from ingestion.models import Document
from tests.assistant import asking
from tests.browser import stage
from tests.browser.states import State, send

OPENED = "/operators/support/{support}"
PAGES: list[State] = [
    State("support", "empty", "bare ada", "/support/"),
    State("support", "full", "second ada", "/support/"),
    State("support", "refused", "second ada", "/support/", send("main form[action$='/support/']", ticket="T", reason="x")),
    State("support-opening", "asked for", "second ada", "/support/{asked_support}"),
    State("support-opening", "open, and looked at", "second ada", "/support/{support}"),
    State("my-data", "support looked", "second ada", "/my-data/"),
    State("operators-support", "full", "operator", "/operators/support"),
    State("operators-support-ask", "full", "operator", "/operators/tenants/{second}/support"),
    State("operators-support-ask", "nothing asked yet", "operator", "/operators/tenants/{tenant}/support"),
    State("operators-support-ask", "refused", "operator", "/operators/tenants/{second}/support",
          send("main form.stack", ticket="T", reason="x")),
    State("operators-support-tenant", "full", "operator", OPENED),
    State("operators-support-documents", "full", "operator", OPENED + "/collections/{shelf}"),
    State("operators-support-document", "read", "operator", OPENED + "/documents/{supported}"),
]  # fmt: skip


def build(made: stage.Stage) -> None:
    """In a house whose admin is looked at little: while it is open, each of their pages says so."""
    house, ids = made.second, made.ids
    operator = models.Operator.objects.get(pk=ids["operator"])
    ids["second"], ids["shelf"] = house.tenant, asking.shelf(house, asking.RULE, name="Rules for travel")
    with house.system.transaction():
        document = Document.objects.get(collection=ids["shelf"])
        Document.objects.filter(pk=document.pk).update(created_by=house.ids["ada"])
    ids["supported"] = document.pk
    draft = support.Draft("T-4711", "PDFs of Monday are not read.", SupportLevel.READING, 8, frozenset({ids["shelf"]}))
    ids["support"] = support.offer(house.ada, operator.email, draft)
    found = looks.opened(operator, ids["support"])
    looks.settings(found)
    supported.listed(found, ids["shelf"], 1)
    supported.get(found, document.pk)
    over = support.offer(house.ada, "", support.Draft("T-3190", "Answers were slow on Friday."))
    support.end(house.ada, over)
    asked = support.Draft("T-4720", "The source of the wiki stands still. It is about Rules for travel.")
    ids["asked_support"] = support.ask(operator, house.tenant, asked)
