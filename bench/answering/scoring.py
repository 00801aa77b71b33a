"""The scores of prompt versions, kept beside their texts: which is the default is read off them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.answering import worth

if TYPE_CHECKING:
    from bench.answering.found import Found
    from bench.answers import Row

HEAD = """\
# What each version is worth: `python -m bench.answers --score` writes it, docs/prompts.md says what it is. `texts` are the
# digests of all versions, measured or not: their wording never changes. `sha256` is that of the text as it was measured.
# `facts` are those that stand in the answer as the model wrote it, of questions that can be answered; `supported` is the
# share of what was stated there that a passage carries.
"""


def path() -> Path:
    from inference import prompts

    return Path(prompts.__file__).resolve().parent / "scores.toml"


def write(found: Sequence[Found], rows: Sequence[Row], model: str) -> None:
    """What was measured before of other models stays; of this one all is measured anew, on questions that each version has."""
    kept = [one for one in tomllib.loads(path().read_text("utf-8")).get("score", []) if one["model"] != model]
    made = [_score(found, rows, model, version, way) for version, way in sorted({(r.prompt, r.send) for r in rows})]
    parts = [
        "[[score]]\n" + "\n".join(f"{name} = {_toml(value)}" for name, value in one.items()) + "\n"
        for one in sorted(kept + made, key=lambda one: (one["model"], one["prompt"], one["send"]))
    ]
    path().write_text("\n".join([HEAD, _texts(), *parts]), encoding="utf-8")


def _texts() -> str:
    from inference import prompts

    return "[texts]\n" + "".join(f'{version} = "{prompts.digest(version)}"\n' for version in prompts.versions())


def _score(found: Sequence[Found], rows: Sequence[Row], model: str, version: str, way: str) -> dict[str, Any]:
    from assistant.evaluation import measures
    from inference import prompts

    told = {row.id: row for row in rows if (row.prompt, row.send) == (version, way)}
    can = [one for one in found if one.case.is_answerable and one.case.id in told]
    plain = [worth.as_written(one, told[one.case.id]) for one in can]
    mean = measures.mean([worth.facts(one, said.text) for one, said in zip(can, plain, strict=True)])
    states = [state for said in plain for state in said.states if state != "neutral"]
    return {
        "prompt": version,
        "sha256": prompts.digest(version),
        "model": model,
        "send": way,
        "questions": len(can),
        "facts": round(mean.value, 3),
        "facts_low": round(mean.low, 3),
        "facts_high": round(mean.high, 3),
        "supported": round(1 - states.count("unsupported") / len(states), 3) if states else 0.0,
        "statements": len(states),
        "tokens_read": round(sum(told[one.case.id].prompt_tokens for one in can) / len(can), 1),
        "tokens_written": round(sum(told[one.case.id].tokens for one in can) / len(can), 1),
    }


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
