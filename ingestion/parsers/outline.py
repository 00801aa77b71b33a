"""Sections grown from headings and blocks, in reading order: what every format with headings has in common."""

from __future__ import annotations

from ingestion.parsers.base import Locator, Section


class Outline:
    def __init__(self) -> None:
        self.sections: list[Section] = []
        self._path: list[tuple[int, str]] = []
        self._blocks: list[str] = []

    def heading(self, level: int, text: str) -> None:
        """`level` from 1; a heading closes those of its level and below."""
        self.close()
        self._path = [(depth, title) for depth, title in self._path if depth < level]
        self._path.append((level, " ".join(text.split())))

    def block(self, text: str) -> None:
        if text.strip():
            self._blocks.append(text.strip("\n"))

    def close(self, page: int | None = None) -> None:
        """End the section under way; one without text is none."""
        text = "\n\n".join(self._blocks)
        self._blocks = []
        if text:
            path = tuple(title for _, title in self._path)
            heading = path[-1] if path else None
            self.sections.append(Section(path, text, Locator(page=page, heading=heading, start=0, end=len(text))))

    @property
    def first_heading(self) -> str:
        return next((section.heading_path[0] for section in self.sections if section.heading_path), "")


def table(rows: list[list[str]]) -> str:
    """Markdown, the first row as its header. Empty where there is nothing in it."""
    cells = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return ""
    width = max(len(row) for row in cells)
    lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in cells]
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])
