"""The portal's vocabulary as template tags; each element's HTML stands in templates/elements/."""

from __future__ import annotations

from django import template

register = template.Library()
