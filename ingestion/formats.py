"""Every format that is read: one line each, with the parser that reads it and the name that people know it by."""

from __future__ import annotations

from dataclasses import dataclass

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"
RTF = "application/rtf"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
PPT = "application/vnd.ms-powerpoint"
CSV = "text/csv"
TSV = "text/tab-separated-values"
HTML = "text/html"
MARKDOWN = "text/markdown"
TEXT = "text/plain"
MAIL = "message/rfc822"
MAILBOX = "application/mbox"
ZIP = "application/zip"
EPUB = "application/epub+zip"
JSON = "application/json"
XML = "application/xml"
CODE = "text/x-source-code"
RST = "text/x-rst"
ASCIIDOC = "text/asciidoc"
LATEX = "text/x-tex"
SUBTITLES = "text/vtt"
CALENDAR = "text/calendar"
CARDS = "text/vcard"
PNG = "image/png"
JPEG = "image/jpeg"
TIFF = "image/tiff"
WEBP = "image/webp"
GIF = "image/gif"
BMP = "image/bmp"
PICTURES = (PNG, JPEG, TIFF, WEBP, GIF, BMP)
MAILS = frozenset((MAIL,))  # what comes within them is attached to them

# What has pages that can be shown as pictures.
DRAWN = frozenset({PDF, *PICTURES})


@dataclass(frozen=True)
class Format:
    """`parser` is folder.module.Class in ingestion.parsers; `label` stands in sentences, `ending` begins with a dot."""

    media_type: str
    parser: str
    label: str
    ending: str


FORMATS = (
    Format(PDF, "pages.pdf.Pdf", "PDF", ".pdf"),
    Format(DOCX, "office.docx.Docx", "DOCX", ".docx"),
    Format(PPTX, "office.pptx.Pptx", "PPTX", ".pptx"),
    Format(XLSX, "office.xlsx.Xlsx", "XLSX", ".xlsx"),
    Format(ODT, "opendocument.odt.Odt", "ODT", ".odt"),
    Format(ODS, "opendocument.ods.Ods", "ODS", ".ods"),
    Format(ODP, "opendocument.odp.Odp", "ODP", ".odp"),
    Format(DOC, "legacy.doc.Doc", "DOC", ".doc"),
    Format(XLS, "legacy.xls.Xls", "XLS", ".xls"),
    Format(PPT, "legacy.ppt.Ppt", "PPT", ".ppt"),
    Format(RTF, "legacy.rtf.Rtf", "RTF", ".rtf"),
    Format(CSV, "tables.delimited.Delimited", "CSV", ".csv"),
    Format(TSV, "tables.delimited.Delimited", "TSV", ".tsv"),
    Format(HTML, "texts.html.Html", "HTML", ".html"),
    Format(MARKDOWN, "texts.markdown.Markdown", "Markdown", ".md"),
    Format(TEXT, "texts.text.Text", "plain text", ".txt"),
    Format(MAIL, "containers.mail.Mail", "mail", ".eml"),
    Format(MAILBOX, "containers.mailbox.Mailbox", "mailboxes", ".mbox"),
    Format(ZIP, "containers.archive.Archive", "ZIP", ".zip"),
    Format(EPUB, "texts.epub.Epub", "EPUB", ".epub"),
    Format(JSON, "texts.json.Json", "JSON", ".json"),
    Format(XML, "texts.xml.Xml", "XML", ".xml"),
    Format(CODE, "texts.code.Code", "source code", ".py"),
    Format(RST, "texts.markup.RestructuredText", "reStructuredText", ".rst"),
    Format(ASCIIDOC, "texts.markup.AsciiDoc", "AsciiDoc", ".adoc"),
    Format(LATEX, "texts.markup.Latex", "LaTeX", ".tex"),
    Format(SUBTITLES, "texts.subtitles.Subtitles", "subtitles", ".vtt"),
    Format(CALENDAR, "texts.cards.Cards", "calendars", ".ics"),
    Format(CARDS, "texts.cards.Cards", "address cards", ".vcf"),
    Format(PNG, "pages.picture.Picture", "PNG", ".png"),
    Format(JPEG, "pages.picture.Picture", "JPEG", ".jpg"),
    Format(TIFF, "pages.picture.Picture", "TIFF", ".tif"),
    Format(WEBP, "pages.picture.Picture", "WebP", ".webp"),
    Format(GIF, "pages.picture.Picture", "GIF", ".gif"),
    Format(BMP, "pages.picture.Picture", "BMP", ".bmp"),
)
