"""`make run` without its demo: the whole embedded stack under its supervisor, as a process that tests may wound."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from assistant.local import models, secrets, stack
from assistant.local.console import Console
from assistant.local.stack import Stack
from assistant.local.supervisor import Stopped, Supervisor


def main() -> None:
    home, port, console = Path(os.environ["CHANCERY_HOME"]), int(os.environ["CHANCERY_PORT"]), Console()
    with Supervisor(home, f"http://{stack.HOST}:{port}", console.say) as supervisor:
        local = Stack(home, port, secrets.load(home), supervisor, console)
        stack.start_services(local)
        stack.migrate(local)
        models.fetch(local)
        stack.start_processes(local)
        (home / "is-up").touch()
        supervisor.watch()


if __name__ == "__main__":
    try:
        main()
    except Stopped:
        sys.exit(0)
