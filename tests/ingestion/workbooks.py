"""Workbooks made from the XML of their parts: what a program writes, and what none would."""

from __future__ import annotations

import io
import zipfile

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def zipped(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def workbook(rows: str, before: str = "", after: str = "", **parts: str) -> bytes:
    """One sheet called Budget from the XML of its rows; `before` stands before its root, `after` after its rows."""
    relations = f'<Relationship Id="s" Type="{KIND}/worksheet" Target="worksheets/sheet1.xml"/>'
    relations += "".join(f'<Relationship Id="{name}" Type="{KIND}/{name}" Target="{name}.xml"/>' for name in parts)
    return zipped(
        {
            "xl/workbook.xml": f'<workbook {MAIN} {R}><sheets><sheet name="Budget" r:id="s"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f"<Relationships>{relations}</Relationships>",
            "xl/worksheets/sheet1.xml": f"{before}<worksheet {MAIN}><sheetData>{rows}</sheetData>{after}</worksheet>",
            **{f"xl/{name}.xml": content for name, content in parts.items()},
        }
    )


def row(number: int, *cells: str, left: str = "A") -> str:
    told = "".join(
        f'<c r="{chr(ord(left) + at)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for at, cell in enumerate(cells)
        if cell
    )
    return f'<row r="{number}">{told}</row>'
