"""Where in its document a passage stands, in words: "Folie 4", "Budget, A5:F20", "Seite 3 · Reisen"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


def name(locator: Mapping[str, Any]) -> str:
    """Of a locator as the API gives it; empty for a document that is one piece. What a format does not have is left out.

    A sheet's name is its outermost heading, too, and is not said twice.
    """
    sheet = str(locator.get("sheet") or "")
    heading = str(locator.get("heading") or "")
    told = [_page(locator), ", ".join(filter(None, (sheet, _range(locator)))), "" if heading == sheet else heading]
    if (confidence := locator.get("confidence")) is not None:
        told.append(_("read by text recognition, confidence %(share)s") % {"share": f"{confidence:.2f}"})
    return " · ".join(filter(None, told))


def titled(document: str, place: str, label: str = "") -> str:
    """A document with the place in it and the label that it carries, as far as there are any."""
    named = f"{document}, {place}" if place else document
    return f"{named} ({label})" if label else named


def _page(locator: Mapping[str, Any]) -> str:
    if locator.get("slide"):
        return _("slide %(slide)s") % {"slide": locator["slide"]}
    return _("page %(page)s") % {"page": locator["page"]} if locator.get("page") else ""


def _range(locator: Mapping[str, Any]) -> str:
    """Cells of a sheet as spreadsheets write them, lines of any other text."""
    lines = locator.get("lines")
    if not lines:
        return ""
    first, last = lines
    if columns := str(locator.get("columns") or ""):
        left, _sign, right = columns.partition(":")
        return f"{left}{first}" if first == last and not right else f"{left}{first}:{right or left}{last}"
    if locator.get("sheet"):
        told = (_("row %(row)s"), _("rows %(first)s to %(last)s"))
    else:
        told = (_("line %(row)s"), _("lines %(first)s to %(last)s"))
    return told[first != last] % {"row": first, "first": first, "last": last}
