"""The gate's weights, fitted on one half of the development set and judged on the other: `python -m bench.answering.gate
[--write]`.

Logistic regression with a little ridge on what `assistant.answering.evidence.features` gives for the passages that are
found. Beside the development set it is asked harder things: the held-out handbook questions and two FAQs, which nothing
is fitted on, and each FAQ question with its own answer taken away, which what is left may or may not answer.
Needs the embedder and no chat model.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import intervals

RIDGE = 0.02
STEPS = 40
NAMES = ("nearest", "covered", "unnamed")
TARGETS = {
    "lenient": (0.01, 0.04),
    "balanced": (0.03, 0.10),
    "strict": (0.06, 0.20),
}  # false refusals, and warnings with them
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    id: str
    set: str
    kind: str
    language: str
    is_answerable: bool
    is_fitted_on: bool
    values: tuple[float, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write assistant/answering/gate.toml")
    options = parser.parse_args()
    rows, without = _rows()
    from bench.answering.cases import UNSEEN

    fitted = [row for row in rows if row.is_fitted_on]
    weights, bias = fit(_matrix(fitted), np.array([row.is_answerable for row in fitted], dtype=np.float64))
    marks = _marks(fitted, weights, bias)
    print(
        f"fitted on {len(fitted)}: "
        + ", ".join(f"{n} {w:+.3f}" for n, w in zip(NAMES, weights, strict=True))
        + f", bias {bias:+.3f}"
    )
    for level, (refuse, warn) in marks.items():
        print(f"\n{level}: refuse below {refuse:.3f}, warn below {warn:.3f}")
        told = [row for row in rows if not row.is_fitted_on and row.set not in UNSEEN]
        _tell("the other half", told, weights, bias, refuse, warn)
        for kind in sorted({(row.is_answerable, row.set, row.kind) for row in told}):
            part = [row for row in told if (row.is_answerable, row.set, row.kind) == kind]
            _tell(f"  {kind[1]}, {kind[2]}", part, weights, bias, refuse, warn)
        for name in UNSEEN:
            _tell(f"held out, {name}", [row for row in rows if row.set == name], weights, bias, refuse, warn)
        _tell("own answer taken away", without, weights, bias, refuse, warn)
    _calibration([row for row in rows if not row.is_fitted_on], weights, bias)
    if options.write:
        _write(weights, bias, marks, fitted)
    return 0


def fit(values: Matrix, labels: NDArray[np.float64]) -> tuple[Matrix, float]:
    """Both kinds weigh the same in all, however many there are of each. Newton's steps."""
    rows = np.hstack([values, np.ones((len(values), 1))])
    share = labels.mean()
    each = np.where(labels > 0, 0.5 / share, 0.5 / (1 - share)) / len(labels)
    penalty = RIDGE * np.eye(rows.shape[1]) / 10
    penalty[-1, -1] = 0.0
    found = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-rows @ found))
        slope = rows.T @ (each * (chance - labels)) + penalty @ found
        bend = (rows * (each * chance * (1 - chance))[:, None]).T @ rows + penalty
        found = found - np.linalg.solve(bend + 1e-9 * np.eye(len(found)), slope)
    return found[:-1], float(found[-1])


def chances(rows: Sequence[Row], weights: Matrix, bias: float) -> Matrix:
    return np.asarray(1 / (1 + np.exp(-(_matrix(rows) @ weights + bias))), dtype=np.float64)


def _marks(fitted: Sequence[Row], weights: Matrix, bias: float) -> dict[str, tuple[float, float]]:
    """By what they cost: the share of answerable ones below each."""
    held = np.sort(chances([row for row in fitted if row.is_answerable], weights, bias))
    return {level: (_at(held, refused), _at(held, warned)) for level, (refused, warned) in TARGETS.items()}


def _at(held: Matrix, share: float) -> float:
    return round(float(held[math.floor(share * len(held))]), 3)


def _tell(name: str, rows: Sequence[Row], weights: Matrix, bias: float, refuse: float, warn: float) -> None:
    for answerable in (True, False):
        if part := [row for row in rows if row.is_answerable is answerable]:
            chance = chances(part, weights, bias)
            refused, warned = int((chance < refuse).sum()), int((chance < warn).sum())
            what = "answerable, refused" if answerable else "unanswerable, refused"
            told = f"{intervals.told(refused, len(part))}; or warned {intervals.told(warned, len(part))}"
            print(f"  {name:<38} {what:<22} {told}")


def _calibration(rows: Sequence[Row], weights: Matrix, bias: float) -> None:
    """Both kinds weighing the same, as the gate was fitted."""
    chance = chances(rows, weights, bias)
    labels = np.array([row.is_answerable for row in rows])
    each = np.where(labels, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))
    print("\nprobability, and the share that can be answered, of what nothing was fitted on")
    for low in np.arange(0, 1, 0.2):
        inside = (chance >= low) & (chance < low + 0.2 + 1e-9 * (low > 0.7))
        if inside.any():
            share = float((each * labels)[inside].sum() / each[inside].sum())
            print(
                f"  {low:.1f} to {low + 0.2:.1f}: said {chance[inside].mean():.3f}, is {share:.3f}, n {int(inside.sum())}"
            )


def _matrix(rows: Sequence[Row]) -> Matrix:
    return np.array([row.values for row in rows], dtype=np.float64)


def _rows() -> tuple[list[Row], list[Row]]:
    from bench.answering import setup

    setup.django()
    from assistant import answering
    from bench.answering import cases, found

    told, without = [], []
    for one in found.of(cases.every()):
        told.append(_row(one, one.passages[: answering.PASSAGES]))
        if one.case.set in (*cases.FAQS, *cases.APART) and one.case.is_answerable:
            left = [passage for passage in one.passages if passage.document_name not in one.case.documents]
            without.append(_row(one, left[: answering.PASSAGES], is_answerable=False))
    return told, without


def _row(one: object, passages: Sequence[object], *, is_answerable: bool | None = None) -> Row:
    from assistant.answering import evidence

    case = one.case  # type: ignore[attr-defined]
    missing = evidence.unnamed(case.question, passages)  # type: ignore[arg-type]
    values = evidence.features(passages, evidence.NEAR, len(missing))  # type: ignore[arg-type]
    answerable = case.is_answerable if is_answerable is None else is_answerable
    return Row(
        case.id,
        case.set,
        case.kind,
        case.language,
        answerable,
        case.is_fitted_on,
        tuple(values[name] for name in NAMES),
    )


def _write(weights: Matrix, bias: float, marks: dict[str, tuple[float, float]], fitted: Sequence[Row]) -> None:
    can = sum(row.is_answerable for row in fitted)
    lines = [
        "# Written by `python -m bench.answering.gate --write`; docs/evidence.md says what each is, and what it is worth.",
        "[fitted]",
        'embedder = "all-MiniLM-L6-v2"',
        f"answerable = {can}",
        f"unanswerable = {len(fitted) - can}",
        "",
        "[weights]",
        f"bias = {bias:.4f}",
        *(f"{name} = {weight:.4f}" for name, weight in zip(NAMES, weights, strict=True)),
    ]
    for level, (refuse, warn) in marks.items():
        lines += ["", f"[marks.{level}]", f"refuse = {refuse}", f"warn = {warn}"]
    (Path(__file__).resolve().parents[2] / "assistant" / "answering" / "gate.toml").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
