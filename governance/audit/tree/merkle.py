"""The tree over a tenant's events: roots and proofs worked out of stored hashes, and the edge that it grows at.

Stored are the leaves' hashes and, every eighth level, those of complete subtrees, as C2SP tlog-tiles has it: a proof reads
a few hundred hashes at most, and one row stands for 256. Pure: no database; `Hashes` is how they are fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from governance.audit.tree.verifier import EMPTY_ROOT, node_hash

TILE = 8  # levels
# (level, first, amount) → the hashes of complete subtrees side by side; the level is a multiple of TILE, 0 the leaves.
Hashes = Callable[[int, int, int], Sequence[bytes]]


class MissingHashError(LookupError):
    """A hash that the tree should hold is not stored."""


def root(hashes: Hashes, size: int) -> bytes:
    return _range(hashes, 0, size) if size else EMPTY_ROOT


def inclusion(hashes: Hashes, index: int, size: int) -> list[bytes]:
    """RFC 6962's PATH, the leaf's neighbour first."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    path, start, end = [], 0, size
    while end - start > 1:
        split = start + _split(end - start)
        if index < split:
            path.append(_range(hashes, split, end))
            end = split
        else:
            path.append(_range(hashes, start, split))
            start = split
    return path[::-1]


def consistency(hashes: Hashes, old: int, new: int) -> list[bytes]:
    """RFC 6962's PROOF; empty where there is nothing to show."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves does not follow one of {old}")
    if old in (0, new):
        return []
    path, start, end, is_whole = [], 0, new, True
    while old != end:
        split = start + _split(end - start)
        if old <= split:
            path.append(_range(hashes, split, end))
            end = split
        else:
            path.append(_range(hashes, start, split))
            start, is_whole = split, False
    if not is_whole:
        path.append(_range(hashes, start, end))
    return path[::-1]


class Edge:
    """The complete subtrees that a growing tree ends in. `size` leaves, `root()`, and `append` says what became whole."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """`peaks` as `peaks()` gives them."""
        if len(peaks) != size.bit_count():
            raise ValueError("a tree has as many peaks as its size has bits")
        self.size = size
        self._peaks = list(peaks)

    @classmethod
    def of(cls, hashes: Hashes, size: int) -> Edge:
        starts, start = [], 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                starts.append((start, start + (1 << level)))
                start += 1 << level
        return cls(size, [_range(hashes, *one) for one in starts])

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """The (level, index, hash) that are to be stored beside the leaf: subtrees of a tile, or of tiles."""
        whole, result, level = [], leaf, 0
        while self.size >> level & 1:
            result = node_hash(self._peaks.pop(), result)
            level += 1
            if level % TILE == 0:
                whole.append((level, self.size >> level, result))
        self._peaks.append(result)
        self.size += 1
        return whole

    def peaks(self) -> tuple[bytes, ...]:
        """The largest subtree first."""
        return tuple(self._peaks)

    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY_ROOT
        result = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            result = node_hash(peak, result)
        return result


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _range(hashes: Hashes, start: int, end: int) -> bytes:
    """The root over leaves from `start` to before `end`, a range that RFC 6962 splits a tree into."""
    width = end - start
    if width & (width - 1) == 0:
        return _complete(hashes, start, width)
    split = start + _split(width)
    return node_hash(_range(hashes, start, split), _range(hashes, split, end))


def _complete(hashes: Hashes, start: int, width: int) -> bytes:
    level = width.bit_length() - 1
    stored = level - level % TILE
    amount = width >> stored
    row = list(hashes(stored, start >> stored, amount))
    if len(row) != amount:
        raise MissingHashError(f"hashes of level {stored} from {start >> stored} on are missing")
    while len(row) > 1:
        row = [node_hash(row[place], row[place + 1]) for place in range(0, len(row), 2)]
    return row[0]
