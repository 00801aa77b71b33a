"""The reports that are committed as examples are what the commands make of their runs now."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from assistant.benchmark import reports
from assistant.benchmark.costs import Terms

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"


@pytest.mark.parametrize(("command", "name"), [("evaluate", "evaluation"), ("benchmark_models", "benchmark")])
def test_the_committed_examples_are_what_the_command_makes_of_their_runs(
    tmp_path: Path, command: str, name: str
) -> None:
    page, run = tmp_path / "page.html", EXAMPLES / f"{name}.jsonl"
    call_command(command, *_terms(name, tmp_path), "--run", str(run), "--report", str(page), stdout=io.StringIO())
    assert page.read_text("utf-8") == (EXAMPLES / f"{name}.html").read_text("utf-8")
    if name == "benchmark":
        told = (EXAMPLES / "benchmark.json").read_text("utf-8")
        assert (tmp_path / "told.json").read_text("utf-8") == told
        assert reports.page(json.loads(told)) == page.read_text("utf-8")


def _terms(name: str, folder: Path) -> list[str]:
    """The options of then, which the document holds."""
    if name != "benchmark":
        return []
    told: dict[str, Any] = json.loads((EXAMPLES / "benchmark.json").read_text("utf-8"))["terms"]
    assert set(told) == set(asdict(Terms()))
    prices = [one for key, (read, written) in told["prices"].items() for one in ("--price", f"{key}={read},{written}")]
    options = {"--asks-a-month": told["asks"], "--machine-a-month": told["machine"], "--currency": told["currency"]}
    known = [one for key, value in options.items() if value for one in (key, str(value))]
    return [*prices, *known, "--hours-a-month", str(told["hours"]), "--json", str(folder / "told.json")]
