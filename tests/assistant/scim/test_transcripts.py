"""What Entra ID and Okta send, by their documentation, played against the service."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from governance import models
from tests.assistant.scim import doors
from tests.cast import House

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", ["entra", "okta"])
def test_a_directory_hears_what_it_expects(name: str, shared_house: House) -> None:
    door = doors.door(shared_house, name)
    kept = {"random": uuid.uuid4().hex, "domain": f"{name}.{shared_house.slug}.example"}
    for step in json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))["steps"]:
        method, path, *sent = _filled(step["send"], kept)
        response = door.call(method, quote(path, safe="/?=&%+"), *sent)
        assert response.status_code == step["status"], (step["why"], response.content)
        told = json.loads(response.content) if response.content else {}
        assert response.status_code == 204 or response["Content-Type"] == "application/scim+json"
        _holds(_filled(step.get("told", {}), kept), told, step["why"])
        assert not set(step.get("absent", ())) & told.keys(), step["why"]
        for place, part in [step["gone"]] if "gone" in step else []:
            assert part not in told[place], step["why"]
        if "members" in step:
            listed = {one["value"] for one in told.get("members", ())}
            assert listed == {kept[one] for one in step["members"]}, step["why"]
        kept |= {new: told[where] for new, where in step.get("keep", {}).items()}
        for state in ("on", "off"):
            if state in step:
                assert doors.is_on(shared_house, kept[step[state]]) is (state == "on"), step["why"]
    with shared_house.system.transaction():
        brought = models.DirectoryEntry.objects.filter(directory=door.directory, person__isnull=False)
        assert not models.RoleAssignment.objects.filter(person__in=brought.values("person")).exists()


def _filled(what: Any, kept: dict[str, str]) -> Any:
    if isinstance(what, str):
        for name, value in kept.items():
            what = what.replace("{" + name + "}", value)
        return what
    if isinstance(what, dict):
        return {_filled(name, kept): _filled(value, kept) for name, value in what.items()}
    return [_filled(one, kept) for one in what] if isinstance(what, list) else what


def _holds(wanted: Any, told: Any, why: str) -> None:
    """All that is wanted is told; more may be."""
    if isinstance(wanted, dict):
        for name, value in wanted.items():
            assert name in told, (why, name, told)
            _holds(value, told[name], why)
    elif isinstance(wanted, list) and wanted and isinstance(wanted[0], dict):
        assert len(wanted) == len(told), (why, told)
        for one, other in zip(wanted, told, strict=True):
            _holds(one, other, why)
    else:
        assert told == wanted, why
