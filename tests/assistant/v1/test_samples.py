"""What docs/openai.md shows is run as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from openai import OpenAI

from inference import runners
from tests.assistant import asking, serving
from tests.assistant.local_homes import ROOT

PAGE = Path(ROOT, "docs", "openai.md").read_text(encoding="utf-8")
SAMPLES = re.findall(r"```(sh|python)\n(.*?)```", PAGE, re.DOTALL)
RUN = [(kind, text) for kind, text in SAMPLES if "manage.py" not in text]


@pytest.mark.parametrize(("kind", "sample"), RUN, ids=[text.split()[0] + str(at) for at, (_, text) in enumerate(RUN)])
def test_each_sample_of_the_page_runs_and_tells_the_answer(bob: OpenAI, site: str, kind: str, sample: str) -> None:
    program = ["sh", "-c", sample] if kind == "sh" else [sys.executable, "-c", sample]
    told = {"CHANCERY_URL": site, "CHANCERY_KEY": bob.api_key, "CHANCERY_EMBEDDER": runners.embedder().name}
    environment = os.environ | told | {"NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        program, env=environment, capture_output=True, text=True, timeout=3 * serving.PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert asking.RULE in done.stdout


def test_the_page_has_one_for_each_way_in() -> None:
    assert [kind for kind, _ in RUN] == ["sh", "python", "python"]
