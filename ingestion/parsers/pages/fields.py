"""The fields of a PDF's form and what was filled into them: a value says little without the name of its field."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from ingestion.parsers.outline import one_line

FIELDS_MOST = 2_000  # of a page
VALUE_MOST = 4_000  # characters
_TICKED = frozenset((pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON))
_WRITTEN = frozenset((pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX))


def filled(form: Any, page: pypdfium2.PdfPage) -> Iterator[tuple[str, str]]:
    """(name, value) of each field of the page that is not empty. `form` is the document's environment of forms."""
    for at in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), FIELDS_MOST)):
        field = pdfium.FPDFPage_GetAnnot(page.raw, at)
        if not field:
            continue
        try:
            if pdfium.FPDFAnnot_GetSubtype(field) == pdfium.FPDF_ANNOT_WIDGET:
                name, value = _name(form, field), _value(form, field)
                if name and value:
                    yield name, value
        finally:
            pdfium.FPDFPage_CloseAnnot(field)


def _name(form: Any, field: Any) -> str:
    """What a reader is told of it, else what its program calls it."""
    told = _text(lambda into, size: pdfium.FPDFAnnot_GetFormFieldAlternateName(form, field, into, size))
    return told or _text(lambda into, size: pdfium.FPDFAnnot_GetFormFieldName(form, field, into, size))


def _value(form: Any, field: Any) -> str:
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, field)
    if kind in _TICKED:
        if not pdfium.FPDFAnnot_IsChecked(form, field):
            return ""
        return _text(lambda into, size: pdfium.FPDFAnnot_GetFormFieldExportValue(form, field, into, size))
    if kind not in _WRITTEN:
        return ""
    return _text(lambda into, size: pdfium.FPDFAnnot_GetFormFieldValue(form, field, into, size))


def _text(get: Callable[[Any, int], int]) -> str:
    """Of a function that says first how many bytes it has."""
    size = min(get(None, 0), 2 * VALUE_MOST + 2)
    if size <= 2:
        return ""
    into = (ctypes.c_ushort * (size // 2 + 1))()
    get(into, size)
    return one_line(bytes(into)[: size - 2].decode("utf-16-le", "ignore").partition("\x00")[0])
