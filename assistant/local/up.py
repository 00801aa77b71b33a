"""`make run`: everything on one machine, from nothing to a cited answer, one line a step."""

from __future__ import annotations

import errno
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from assistant.configuration import env
from assistant.local import demo_logins, environment, graphs, models, secrets, stack
from assistant.local.console import Console
from assistant.local.stack import Stack
from assistant.local.supervisor import AlreadyRuns, Stopped, Supervisor
from governance.errors import ChanceryError

DEFAULT_HOME = stack.ROOT / "var"
# Of an operating system that has no place for the state: another folder, or room in this one, is what helps.
NO_PLACE = {errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR, errno.ENOENT, errno.ENAMETOOLONG}


@dataclass(frozen=True)
class AfterStart:
    """A command of manage.py that runs when all is up. `once` a cluster, or at every start."""

    label: str
    argv: list[str]
    once: bool
    shown: bool  # on the terminal, or in a log


AFTER_START = (
    AfterStart("Demo tenants", ["seed_demo"], once=True, shown=False),
    AfterStart("First question", ["ask_demo"], once=True, shown=True),
)


def up(then: str = "") -> int:
    """Runs until it is stopped, which is 0; with `then` until that command has ended, whose exit code it returns."""
    console = Console()
    if not sys.platform.startswith("linux"):
        console.say("All on one machine needs Linux. Elsewhere run the containers of compose.yaml.")
        return 1
    home = env.folder("CHANCERY_HOME", DEFAULT_HOME)
    try:
        return _up(home, console, then)
    except Stopped:
        console.say("Stopped.")
        return 0
    except AlreadyRuns as fault:
        if then:
            return _run_beside(home, then)
        console.say(fault.message)
    except (ChanceryError, OSError) as fault:
        console.say(f"\n{_told(fault, home)}")
    return 1


def _told(fault: ChanceryError | OSError, home: Path) -> str:
    """Raises a fault that is not the folder's."""
    if isinstance(fault, ChanceryError):
        return fault.message
    where = fault.filename or home
    if isinstance(fault, PermissionError):
        return f"{where} belongs to another account. Start as that one, or set CHANCERY_HOME."
    if fault.errno in NO_PLACE:
        return f"{where}: {fault.strerror}. Set CHANCERY_HOME to a folder that can be filled."
    raise fault


def _up(home: Path, console: Console, then: str) -> int:
    began = time.monotonic()
    port = env.number("CHANCERY_PORT", 8000, least=1, most=65535)
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o711)  # others may pass, as Postgres' account must, and see nothing
    (home / "static").mkdir(exist_ok=True)  # what is collected for a proxy; empty here, and looked for by every process
    console.say(f"Chancery in {home}, its logs in {home / 'log'}")
    with Supervisor(home, f"http://{stack.HOST}:{port}", console.say) as supervisor:
        local = Stack(home, port, secrets.load(home), supervisor, console)
        stack.check_port(local)
        stack.start_services(local)
        stack.migrate(local)
        models.fetch(local)
        stack.start_processes(local)
        _after_start(local)
        if then:
            return stack.command(local, [then], log=None)
        _announce(local, time.monotonic() - began)
        while True:
            graphs.keep(local)
            supervisor.watch(graphs.EVERY_S)


def _after_start(local: Stack) -> None:
    """With an operator's own database there is no demo: nothing is put into it, and nothing is asked of it."""
    cluster = stack.cluster_id(local)
    for step in AFTER_START if cluster else ():
        stamp = local.home / "run" / f"{step.argv[0]}.done"
        if step.once and stamp.exists() and stamp.read_text(encoding="ascii") == cluster:
            continue
        log = None if step.shown else local.home / "log" / f"{step.argv[0]}.log"
        with local.console.step(step.label) as line:
            code = stack.command(local, step.argv, log)
            if code:
                line.note = f"did not succeed{f': see {log}' if log else ''}"
            else:
                stamp.write_text(cluster, encoding="ascii")


def _announce(local: Stack, elapsed_s: float) -> None:
    local.console.say(f"\nReady after {elapsed_s:.0f} s: {local.url}")
    if local.variables.get("CHANCERY_DEMO_LOGINS") == "1":
        for line in demo_logins.lines(local.url):
            local.console.say(line)
    local.console.say("Ctrl-C stops everything.")


def _run_beside(home: Path, then: str) -> int:
    """The command against the stack that is up already."""
    variables = environment.of_processes(environment.read(home))
    return subprocess.run([sys.executable, "manage.py", then], env=variables, cwd=stack.ROOT, check=False).returncode
