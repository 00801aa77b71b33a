"""What detectors, stages, states and fields of the policy are called in the portal."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def detector_name(detector: str) -> str:
    names = {
        "secrets": _("Passwords, keys and tokens"),
        "pii": _("Personal numbers and contact details"),
        "injection": _("Orders to the assistant"),
        "control_tokens": _("Control tokens of a language model"),
        "pattern": _("Words and expressions of your own"),
        "topic": _("A topic, by examples"),
        "judge": _("A question to a model, answered by yes or no"),
        "hidden_text": _("Text that nobody sees"),
        "every_text": _("Every text, by where it is from"),
        "injection_score": _("Attempts to steer the model, by a learnt score"),
    }
    return names.get(detector, detector.replace("_", " "))


@register.filter
def detector_help(detector: str) -> str:
    helps = {
        "secrets": _("Keys of known services, private keys, and passwords in words, settings and addresses."),
        "pii": _(
            "Numbers of accounts, cards and identity papers, with their checksums; addresses and telephone numbers."
        ),
        "injection": _("Sentences in a document or a question that tell the assistant what to do."),
        "injection_score": _("A small classifier; it catches what no fixed phrase does, and may be mistaken."),
        "hidden_text": _("Zero-width, tag and direction characters that carry text past a reader."),
        "topic": _("How near a text is to examples that you give."),
        "judge": _("Slow, and never sure: a model of the house reads each text and is asked one question about it."),
        "control_tokens": _("Signs with which chat templates mark whose turn it is."),
        "every_text": _("Whatever it says: the label, the collection, the assistant or the group decides."),
        "pattern": _("Names, projects, numbers of your own form: whole words, or RE2 expressions."),
    }
    return helps.get(detector, "")


@register.filter
def place_name(stage: str) -> str:
    names = {
        "input": _("Questions"),
        "passage": _("Passages that are found"),
        "output": _("Answers"),
        "upload": _("Uploads"),
    }
    return names.get(stage, stage)


@register.filter
def state_name(state: str) -> str:
    names = {
        "draft": _("Draft"),
        "published": _("In force"),
        "superseded": _("Superseded"),
        "discarded": _("Discarded"),
        "added": _("New"),
        "changed": _("Changed"),
        "removed": _("Removed"),
    }
    return names.get(state, state)


@register.filter
def state_tone(state: str) -> str:
    return {"draft": "live", "published": "good", "added": "good", "changed": "warn", "removed": "bad"}.get(state, "")


@register.filter
def field_name(field: str) -> str:
    names = {
        "stages": _("Where it looks"),
        "detector": _("What it looks for"),
        "options": _("Settings"),
        "threshold": _("From which score on"),
        "action": _("What follows"),
        "message": _("What the person reads"),
        "scope": _("Where and for whom it holds"),
        "on_failure": _("If it cannot look"),
        "is_enabled": _("Switched on"),
        "fixtures": _("Test texts"),
    }
    return names.get(field, field)


@register.filter
def spoken(kind: str) -> str:
    """The type of a finding in words."""
    return kind.replace("_", " ")


@register.filter
def named(names: Mapping[uuid.UUID, str], person: uuid.UUID | None) -> str:
    if person is None:
        return _("Chancery itself")
    return names.get(person) or _("somebody who is no longer here")
