"""What was found to be wrong, in sentences, and where."""

from __future__ import annotations

from dataclasses import dataclass, field

KEPT_MOST = 1000  # of a record that was laid waste the rest is only counted


@dataclass(frozen=True)
class Finding:
    """`index` is the place in the tree from which on it is wrong; None for what has no place in it."""

    index: int | None
    wrong: str

    def __str__(self) -> str:
        return self.wrong if self.index is None else f"index {self.index}: {self.wrong}"


@dataclass
class Findings:
    kept: list[Finding] = field(default_factory=list)
    amount: int = 0
    # Where the tree itself is known to be another than what was signed: what follows from it is not said again.
    broken_at: int | None = None

    def add(self, index: int | None, wrong: str) -> None:
        self.amount += 1
        if len(self.kept) < KEPT_MOST:
            self.kept.append(Finding(index, wrong))

    def break_at(self, index: int, wrong: str) -> None:
        """The same, of the tree's own hashes."""
        self.add(index, wrong)
        self.broken_at = index if self.broken_at is None else min(self.broken_at, index)

    @property
    def first(self) -> int | None:
        """The first bad index."""
        return min((one.index for one in self.kept if one.index is not None), default=None)
