"""What states and figures of search indexes are called in the portal."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils.text import capfirst
from django.utils.translation import get_language_info, ngettext
from django.utils.translation import gettext as _

register = template.Library()

_TONES = {"live": "good", "ready": "good", "building": "live", "paused": "warn", "retiring": "live"}


@register.filter
def index_state(state: str) -> str:
    names = {
        "building": _("being built"),
        "paused": _("paused"),
        "ready": _("ready"),
        "live": _("live"),
        "retiring": _("being removed"),
        "retired": _("retired"),
    }
    return names.get(state, state)


@register.filter
def index_tone(state: str) -> str:
    return _TONES.get(state, "")


@register.filter
def time_left(seconds: int) -> str:
    """Of work; what it waits for others comes on top."""
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return ngettext("About %(n)s minute of work left.", "About %(n)s minutes of work left.", minutes) % {
            "n": minutes
        }
    hours = round(minutes / 60)
    return ngettext("About %(n)s hour of work left.", "About %(n)s hours of work left.", hours) % {"n": hours}


@register.filter
def share(part: float) -> str:
    return f"{round(100 * part)} %"


@register.filter
def language_names(codes: Iterable[str]) -> str:
    """ISO 639 codes as the reader calls the languages, of as many as a line has room for."""
    # Django has names of both ways of writing Chinese, and none of Chinese.
    names = [_("Chinese") if code == "zh" else capfirst(_(get_language_info(code)["name"])) for code in codes]
    return ", ".join(names[:4]) + (" …" if len(names) > 4 else "")
