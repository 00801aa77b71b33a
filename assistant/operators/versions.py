"""What runs here: Chancery, what it stands on, and which migrations were applied."""

from __future__ import annotations

import importlib.metadata
import platform
import tomllib
from dataclasses import dataclass

import django
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader


@dataclass(frozen=True)
class Versions:
    parts: list[tuple[str, str]]
    applied: int
    pending: list[str]
    dependencies: list[tuple[str, str]]


def found() -> Versions:
    loader = MigrationLoader(connection)
    names = {f"{app}.{name}" for app, name in loader.disk_migrations}
    applied = {f"{app}.{name}" for app, name in loader.applied_migrations}
    return Versions(
        parts=[
            ("Chancery", own()),
            ("Python", platform.python_version()),
            ("Django", django.get_version()),
            ("Postgres", _postgres()),
            ("System", f"{platform.system()} {platform.release()}"),
        ],
        applied=len(names & applied),
        pending=sorted(names - applied),
        dependencies=_dependencies(),
    )


def own() -> str:
    try:
        return importlib.metadata.version("chancery")
    except importlib.metadata.PackageNotFoundError:  # run from its tree
        told = tomllib.loads((settings.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        return str(told["project"]["version"])


def _postgres() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), (SELECT extversion FROM pg_extension WHERE extname = 'vector')"
        )
        version, vector = cursor.fetchone()
    return f"{version}, pgvector {vector}"


def _dependencies() -> list[tuple[str, str]]:
    listed = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions() if d.metadata["Name"]}
    return sorted(listed.items(), key=lambda pair: pair[0].lower())
