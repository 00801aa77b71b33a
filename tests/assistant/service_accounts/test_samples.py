"""What docs/service-accounts.md shows is run as it stands there, one sample after the other."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from django.test import Client

from governance.service_accounts import accounts, service_keys
from tests.assistant import serving
from tests.assistant.local_homes import ROOT
from tests.cast import House

PAGE = Path(ROOT, "docs", "service-accounts.md").read_text(encoding="utf-8")
SAMPLES = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def run(sample: str, told: dict[str, str]) -> Any:
    environment = os.environ | told | {"NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        ["sh", "-c", sample], env=environment, capture_output=True, text=True, timeout=serving.PATIENCE_S, check=False
    )
    assert done.returncode == 0, f"{sample}\n{done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def test_the_samples_lead_from_an_account_to_a_token_that_acts(house: House) -> None:
    make, key, rotate, exchange = SAMPLES
    with serving.web() as site:
        told = {"CHANCERY_URL": site, "CHANCERY_ADMIN_KEY": house.key("ada"), "OWNER": str(house.ids["bob"])}
        told["SERVICE"] = run(make, told)["id"]
        made = run(key, told)
        told |= {"CHANCERY_KEY": made["key"], "KEY_ID": made["id"], "PERSON": house.email("bob")}
        followed = run(rotate, told)
        row = accounts.get(house.ada, accounts.owned(house.bob)[0].person_id)
        assert [one.row.pk.hex for one in service_keys.listed(house.ada, [row.person_id])[row.person_id]] == [
            made["id"].replace("-", ""),
            followed["id"].replace("-", ""),
        ]
        # The page says what the samples leave out: the permission, and a key that has act_for, are given at the portal.
        accounts.permit(house.ada, row.person_id, "everybody")
        told["CHANCERY_KEY"] = service_keys.issue(house.ada, row.person_id, "k", ["ask", "read", "act_for"], 1).secret
        token = run(exchange, told)
    assert (token["token_type"], token["scope"]) == ("Bearer", "ask read")
    as_bob = Client(headers={"Authorization": f"Bearer {token['access_token']}"})
    assert as_bob.get("/api/v1/me").json()["id"] == str(house.ids["bob"])
