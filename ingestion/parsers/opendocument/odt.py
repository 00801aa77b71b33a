"""ODT: headings, paragraphs, lists, tables, notes and boxes in their order."""

from __future__ import annotations

from typing import BinaryIO

from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.opendocument import odf
from ingestion.parsers.opendocument.odf_blocks import Blocks
from ingestion.parsers.outline import Outline
from ingestion.parsers.package import broken


class Odt(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        package = odf.opened(stream, self.bounds.unpacked)
        root = package.xml(odf.CONTENT)
        body = root.find(f"{odf.OFFICE}body/{odf.OFFICE}text") if root is not None else None
        if body is None:
            raise broken()
        outline = Outline(self.bounds.characters)
        blocks = Blocks(outline, package, root)
        blocks.read(body)
        blocks.running()
        sections = outline.filled()
        title = blocks.title or odf.title(package) or outline.first_heading
        return Parsed(title, sections, flags=odf.found_flags(package, root), dated=odf.dated(package))
