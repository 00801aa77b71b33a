"""What a process may have of the machine, where it begins with less than it is allowed."""

from __future__ import annotations

import resource


def lift_open_files() -> None:
    """As many open files as the machine lets it have: 1,024 is the usual bound to begin with."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
