"""What a PDF carries beside its words: scripts, files, programs to start, and forms that only other programs can show."""

from __future__ import annotations

import re

import pypdfium2
import pypdfium2.raw as pdfium

from governance.sentence import phrase
from ingestion.parsers import flags

XFA = phrase("Its form is drawn by a program of its own (XFA): only what stands on its pages is read.")
_SCRIPT = re.compile(rb"/S\s*/JavaScript\b|/JavaScript\s+\d+\s+\d+\s+R|/JS\s*(?:\(|<[0-9A-Fa-f]|\d+\s+\d+\s+R)")
_LAUNCH = re.compile(rb"/S\s*/Launch\b")
_FILE = re.compile(rb"/Type\s*/EmbeddedFile\b")
_OTHERS_FORMS = (pdfium.FORMTYPE_XFA_FULL, pdfium.FORMTYPE_XFA_FOREGROUND)


def found(document: pypdfium2.PdfDocument, content: bytes) -> tuple[str, ...]:
    """Names in ingestion.parsers.flags. Of objects that are packed only what the library names is seen."""
    scripts = pdfium.FPDFDoc_GetJavaScriptActionCount(document.raw)
    files = pdfium.FPDFDoc_GetAttachmentCount(document.raw)
    held = {
        flags.JAVASCRIPT: scripts > 0 or _SCRIPT.search(content),
        flags.EMBEDDED_FILES: files > 0 or _FILE.search(content),
        flags.LAUNCH_ACTION: _LAUNCH.search(content),
    }
    return tuple(flag for flag, is_held in held.items() if is_held)


def is_xfa(document: pypdfium2.PdfDocument) -> bool:
    return pdfium.FPDF_GetFormType(document.raw) in _OTHERS_FORMS
