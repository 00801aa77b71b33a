"""Learn the weights of the injection score: `python -m bench.injection.train FOLDER`. Prints what it comes to.

A logistic regression over the marks of `governance.policy.detectors.ngrams`, in numpy, the same each time: about
three minutes. FOLDER holds the files that `docs/injection-model.md` lists.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.injection import material
from bench.injection.material import Example
from governance.policy.detectors import injection_score
from governance.policy.detectors.ngrams import BITS, Marks, Weights

MODEL = Path(injection_score.__file__).with_name("injection_model.json")
ROUNDS = 100
RIDGE = 2e-5
STEP = 0.01
# The share of harmless texts that may come to the blocking point; ten times as many may come to half of it.
MAY = {"asks": 0.003, "templates": 0.003, "personas": 0.01, "questions": 0.01, "documents": 0.0004}
WHOLE, HEAD = 6.0, 380  # how often a jailbreak counts as a whole, and how much of it is learnt beside that
Row = NDArray[np.float64]


class Set:
    """Examples as rows of marks."""

    def __init__(self, examples: Sequence[Example]) -> None:
        rows = [_marks(one.text) for one in examples]
        self.sizes = np.array([row.size for row in rows])
        self.starts = np.concatenate(([0], np.cumsum(self.sizes)[:-1]))
        self.marks = np.concatenate(rows).astype(np.int32)
        self.scale = 1.0 / np.sqrt(self.sizes)
        self.is_attack = np.array([one.is_attack for one in examples], dtype=np.float64)
        self.weight = np.array([one.weight for one in examples])

    def logits(self, bias: float, weights: NDArray[np.float32]) -> Row:
        sums: Row = np.add.reduceat(weights[self.marks].astype(np.float64), self.starts)
        found: Row = bias + sums * self.scale
        return found


def learn(examples: Sequence[Example], rounds: int = ROUNDS) -> Weights:
    """Adam on the whole set each round, so that nothing depends on an order."""
    held = Set(examples)
    weights, bias = np.zeros(1 << BITS, dtype=np.float32), 0.0
    first, second = np.zeros(weights.size + 1), np.zeros(weights.size + 1)
    total = held.weight.sum()
    for number in range(1, rounds + 1):
        error = (_chance(held.logits(bias, weights)) - held.is_attack) * held.weight / total
        spread = np.repeat(error * held.scale, held.sizes)
        slope = np.append(np.bincount(held.marks, spread, weights.size) + RIDGE * weights, error.sum())
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        move = first / (1 - 0.9**number) / (np.sqrt(second / (1 - 0.999**number)) + 1e-9)
        rate = 0.15 * (1 - number / (rounds + 1)) ** 0.5
        weights -= (rate * move[:-1]).astype(np.float32)
        bias -= rate * float(move[-1])
    return Weights(bias, weights)


def examples(folder: Path, wild: Sequence[str], seed: int = 1) -> list[Example]:
    """What is learnt from: attacks in asks and in documents, and texts of both kinds that are none."""
    rng = random.Random(seed)
    texts = [text for _, text in material.documents(held=False)]
    plain = material.cuttings(rng, texts, 4_000, 380) + material.cuttings(rng, texts, 1_200, 1_900)
    asked = material.questions(texts)
    made = [Example(text, False, "documents") for text in plain]
    made += [Example(text, False, "questions") for text in rng.sample(asked, min(2_000, len(asked)))]
    made += [Example(text, False, "asks", 1.5) for text in material.asks(rng, 6_000)]
    made += [Example(text, False, "sentences") for text in material.sentences(rng, 800)]
    made += [Example(_hidden(rng, one, plain), False, "sentences") for one in material.sentences(rng, 800)]
    made += [Example(text, False, "personas", 4.0) for text in material.personas(folder, held=False)]
    for name in ("seed_tasks.jsonl", "user_oriented.jsonl"):
        made += [Example(text, False, "tasks", 4.0) for text in material.tasks(folder, name)]
    made += [
        Example(text, False, "templates", 1.5) for text in material.templates(folder) if not material.is_held(text, 4)
    ]
    direct, indirect = material.orders(rng, 4_000, "direct"), material.orders(rng, 3_000, "indirect")
    indirect += material.answers_steered(folder) * 3
    made += [Example(text, True, "direct") for text in direct + _joined(rng, direct, material.asks(rng, 600))]
    made += [Example(text, True, "indirect") for text in indirect]
    made += [Example(_hidden(rng, one, plain), True, "hidden") for one in indirect + direct[:800]]
    for text in wild:
        made += [Example(text[:2_000], True, "wild", WHOLE), Example(text[:HEAD], True, "wild", 3.0)]
    return made


def mined(model: Weights, texts: Sequence[str], amount: int) -> list[Example]:
    """The stretches of harmless documents that the model is most wrong about: they are learnt next."""
    scored = []
    for text in texts:
        marks = Marks(text)
        for start, end in injection_score.windows(len(marks)):
            score = model.score(marks.between(start, end))
            if score > 0.2:
                scored.append((score, text[int(marks.places[start]) : int(marks.places[end - 1]) + 1]))
    scored.sort(key=lambda one: (-one[0], one[1]))
    return [Example(text, False, "mined", 2.0) for _, text in scored[:amount]]


def settled(model: Weights, harmless: Mapping[str, Sequence[str]]) -> Weights:
    """Moved and stretched so that half and `BLOCKS_AT` are points on harmless texts nobody learnt from: of no kind may more
    than `MAY` come there.
    """
    blocks, flags = -np.inf, -np.inf
    for kind, texts in harmless.items():
        held = Set([Example(text, False, kind) for text in texts])
        reached = np.sort(held.logits(model.bias, model.weights))
        blocks = max(blocks, _above(reached, MAY[kind]))
        flags = max(flags, _above(reached, 10 * MAY[kind]))
    width = max(0.5, blocks - flags)
    stretch = float(np.log(injection_score.BLOCKS_AT / (1 - injection_score.BLOCKS_AT))) / width
    return Weights((model.bias - (blocks - width)) * stretch, (model.weights * stretch).astype(np.float32))


def write(model: Weights, path: Path = MODEL) -> None:
    numbers = np.round(model.weights / STEP).astype(int).tolist()
    lines = [",".join(map(str, numbers[at : at + 64])) for at in range(0, len(numbers), 64)]
    body = ",\n".join(lines)
    path.write_text(f'{{"bias": {model.bias:.4f}, "step": {STEP}, "weights": [\n{body}\n]}}\n', encoding="ascii")


def _above(scores: Row, share: float) -> float:
    """The score that at most `share` of them reach."""
    place = min(scores.size - 1, int(np.ceil(scores.size * (1 - share))))
    return float(np.nextafter(scores[place], np.inf))


def _chance(logits: Row) -> Row:
    chances: Row = 1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))
    return chances


def _marks(text: str) -> NDArray[np.uint16]:
    marks = Marks(text or " ")
    return marks.between(0, len(marks))


def _hidden(rng: random.Random, order: str, plain: Sequence[str]) -> str:
    around = rng.choice(plain)[: rng.choice((120, 250, 380, 700))]
    place = rng.choice((0, len(around), around.find(" ", len(around) // 2) + 1))
    gap = rng.choice((" ", "\n", "\n\n"))
    return f"{around[:place]}{gap}{order}{gap}{around[place:]}".strip()


def _joined(rng: random.Random, direct: Sequence[str], asks: Sequence[str]) -> list[str]:
    return [f"{ask}{rng.choice((' ', chr(10)))}{rng.choice(direct)}" for ask in asks]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--folds", type=int, default=0, help="after writing, try the jailbreaks in as many parts")
    asked = parser.parse_args()
    given, set_by = taught(asked.folder)
    model = settled(learn(given), set_by)
    write(model)
    print(
        f"wrote {MODEL.name}: {np.count_nonzero(np.round(model.weights / STEP)):,} weights that are not zero",
        flush=True,
    )
    if asked.folds:
        print(json.dumps(folded(given, set_by, asked.folds)))


def taught(folder: Path) -> tuple[list[Example], dict[str, Sequence[str]]]:
    """What is learnt from, with what a first model was most wrong about; and what the points are set by."""
    texts = [text for _, text in material.documents(held=False)]
    given = examples(folder, material.wild(folder))
    given += mined(learn(given, ROUNDS // 3), texts, 1_500)
    return given, harmless(folder)


def harmless(folder: Path) -> dict[str, Sequence[str]]:
    """What the two points are set by: nothing of it is learnt from, and nothing of it is what the model is tried on."""
    rng = random.Random(2)
    held = [text for _, text in material.documents(held=True)]
    return {
        "asks": material.asks(rng, 1_000),
        "templates": [text for text in material.templates(folder) if material.is_held(text, 4)],
        "personas": [text for text in material.personas(folder, held=True) if not material.is_held(text, 4)],
        "questions": material.tasks(folder, "vicuna_bench.jsonl"),
        "documents": material.cuttings(rng, held, 6_000, 380) + material.cuttings(rng, held, 2_000, 1_900),
    }


def folded(given: Sequence[Example], set_by: Mapping[str, Sequence[str]], folds: int) -> dict[str, int]:
    """How many jailbreaks come to the two points when neither they nor a version of theirs was learnt from."""
    wild = list(dict.fromkeys(one.text for one in given if one.source == "wild" and one.weight == WHOLE))
    family = dict(zip(wild, material.families(wild), strict=True))
    counts = {"jailbreaks": len(wild), "noted": 0, "blocked": 0}
    for fold in range(folds):
        out = tuple(text for text in wild if family[text] % folds == fold)
        parts = {text[:HEAD] for text in out}
        kept = [one for one in given if one.source != "wild" or one.text[:HEAD] not in parts]
        model = settled(learn(kept), set_by)
        scores = [highest(model, text) for text in out]
        counts["noted"] += sum(score >= injection_score.NOTED_AT for score in scores)
        counts["blocked"] += sum(score >= injection_score.BLOCKS_AT for score in scores)
        print(json.dumps(counts), flush=True)
    return counts


def highest(model: Weights, text: str) -> float:
    marks = Marks(text)
    return max((model.score(marks.between(*span)) for span in injection_score.windows(len(marks))), default=0.0)


if __name__ == "__main__":
    main()
