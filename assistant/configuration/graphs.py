"""From how many chunks on graphs stand in for the exact scan: read by the settings, and by who looks whether any are wanted."""

from __future__ import annotations

from assistant.configuration import env


def wanted_from() -> int:
    return env.number("CHANCERY_GRAPHS_FROM", 140_000)
