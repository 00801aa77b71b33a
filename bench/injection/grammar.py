"""Sentences drawn from a file of templates: `{name}` stands for one of the lines under `@name`."""

from __future__ import annotations

import random
import re
from pathlib import Path

_SLOT = re.compile(r"\{([a-z]+)\}")


class Grammar:
    """The lists of one file, by name."""

    def __init__(self, path: Path) -> None:
        self.lists: dict[str, list[str]] = {}
        name = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("@"):
                name = line[1:]
                self.lists[name] = []
            elif line and not line.startswith("# "):
                self.lists[name].append(line)

    def draw(self, rng: random.Random, template: str) -> str:
        """`template` with its slots filled, theirs too."""
        while _SLOT.search(template):
            template = _SLOT.sub(lambda slot: rng.choice(self.lists[slot.group(1)]), template)
        return template[:1].upper() + template[1:]

    def sample(self, rng: random.Random, name: str, amount: int) -> list[str]:
        """`amount` different sentences of the list `name`, or as many as a few tries give."""
        made: dict[str, None] = {}
        for _ in range(amount * 4):
            if len(made) >= amount:
                break
            made[self.draw(rng, rng.choice(self.lists[name]))] = None
        return list(made)
