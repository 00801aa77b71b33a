"""What every process is told through its environment. A variable that is set already wins over what we would choose."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from assistant.configuration import env
from assistant.local.postgres import Postgres
from assistant.local.processes import Command
from assistant.local.roles import DATABASE
from assistant.local.secrets import Secrets
from assistant.local.valkey import Valkey

# What each of these names is then not started here, but used where it is.
REPLACEABLE = ("DATABASE_URL", "REDIS_URL", "MODEL_URL")

# What the application's processes know and the record's own two do not.
NOBODYS = dict.fromkeys(
    (
        *(
            "DATABASE_URL",
            "DATABASE_URL_FILE",
            "REDIS_URL",
            "REDIS_URL_FILE",
            "DJANGO_SECRET_KEY",
            "DJANGO_SECRET_KEY_FILE",
        ),
        *("CHANCERY_RECORD_KEY", "CHANCERY_RECORD_KEY_FILE", "CHANCERY_MODEL_KEY", "CHANCERY_MODEL_KEY_FILE"),
        *("CHANCERY_OWNER_URL", "CHANCERY_OWNER_URL_FILE", "CHANCERY_SEALER_URL", "CHANCERY_SEALER_URL_FILE"),
    ),
    "",
)


def is_replaced(variable: str) -> bool:
    return bool(env.secret(variable))


def build(
    home: Path, secrets: Secrets, postgres: Postgres | None, valkey: Valkey | None, model_url: str
) -> dict[str, str]:
    """Ours alone, without what this process inherited. `postgres` and `valkey` are None where they are replaced."""
    ours = {
        "CHANCERY_HOME": str(home),
        "DJANGO_SECRET_KEY": secrets.django_key,
        "CHANCERY_RECORD_KEY": secrets.record_key,
        "CHANCERY_MODEL_KEY": secrets.model_key,
        "MODEL_URL": model_url,
    }
    if postgres:
        ours["DATABASE_URL"] = postgres.url("chancery_app", secrets.postgres_app, DATABASE)
    if valkey:
        ours["REDIS_URL"] = valkey.url()
    chosen = {name: value for name, value in ours.items() if name == "CHANCERY_HOME" or not env.secret(name)}
    # The demo's logins are known to everybody: they work with the embedded database and nowhere else.
    demo = postgres is not None and env.flag("CHANCERY_DEMO_LOGINS", True)
    return chosen | {"CHANCERY_DEMO_LOGINS": "1" if demo else "0"}


def of_processes(ours: dict[str, str]) -> dict[str, str]:
    return os.environ | ours | {"PYTHONUNBUFFERED": "1"}


def of_migrations(secrets: Secrets, postgres: Postgres | None) -> dict[str, str] | None:
    """The owner's address instead of the app's; None where an operator's server was given without it."""
    ours = postgres.url("chancery_owner", secrets.postgres_owner, DATABASE) if postgres else ""
    url = ours or env.secret("CHANCERY_OWNER_URL")
    return {"DATABASE_URL": url, "DATABASE_URL_FILE": "", "CHANCERY_MIGRATING": "1"} if url else None


def of_sealer(home: Path, secrets: Secrets, postgres: Postgres | None, witness_url: str) -> dict[str, str] | None:
    """Its own role and key, and nobody else's; None where an operator's server was given without that role's address."""
    ours = postgres.url("chancery_sealer", secrets.postgres_sealer, DATABASE) if postgres else ""
    url = env.secret("CHANCERY_SEALER_URL") or ours
    if not url:
        return None
    key = env.text("CHANCERY_SEALER_KEY") or str(home / "sealer" / "key")
    return NOBODYS | {"CHANCERY_SEALER_URL": url, "CHANCERY_SEALER_KEY": key, "CHANCERY_WITNESS_URL": witness_url}


def of_witness() -> dict[str, str]:
    """It needs no database, and no secret but its own."""
    return dict(NOBODYS)


def argv(command: Command) -> list[str]:
    return [sys.executable, *command.argv[1:]]


def write(home: Path, ours: dict[str, str]) -> Path:
    """For `adopt`, and the same for a shell: `set -a; . var/env; set +a`."""
    file = home / "env"
    draft = home / ".env.new"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.writelines(f"{name}={shlex.quote(value)}\n" for name, value in sorted(ours.items()))
    draft.replace(file)
    return file


def read(home: Path) -> dict[str, str]:
    """What `write` wrote; empty before the first start."""
    try:
        lines = (home / "env").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {name: "".join(shlex.split(value)) for name, value in pairs}


def adopt(argv: list[str], default_home: Path) -> None:
    """So that a command that is typed by hand finds the stack that `up` started. What is set already wins.

    `up` itself chooses anew: what it finds set is an operator's own server.
    """
    if argv[:1] == ["up"] or is_replaced("DATABASE_URL"):
        return
    for name, value in read(env.folder("CHANCERY_HOME", default_home)).items():
        if not env.secret(name):
            os.environ[name] = value
