"""Roles, databases and the vector extension, as deploy/postgres/roles.sql has them for every kind of installation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import psycopg
from psycopg import sql

from assistant.local.secrets import Secrets

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "postgres" / "roles.sql"
DATABASE = "chancery"


def prepare(superuser_url: str, secrets: Secrets, databases: Iterable[str] = (DATABASE,)) -> None:
    """Creates what is missing and sets the passwords; `superuser_url` may name any database. It may run again."""
    for database in databases:
        with psycopg.connect(superuser_url, autocommit=True) as connection:
            create_database(connection, database)
        with psycopg.connect(superuser_url, autocommit=True, dbname=database) as connection:
            connection.execute(statements(secrets).as_bytes(connection))


def create_database(connection: psycopg.Connection, database: str) -> None:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        return
    try:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    except psycopg.errors.DuplicateDatabase:
        return  # another process was faster


def statements(secrets: Secrets) -> sql.Composed:
    """The script with psql's :'name' variables filled in, as psql does it."""
    values = {
        "owner_password": secrets.postgres_owner,
        "app_password": secrets.postgres_app,
        "sealer_password": secrets.postgres_sealer,
        "backup_password": secrets.postgres_backup,
    }
    parts = re.split(r":'(\w+)'", SCRIPT.read_text(encoding="utf-8"))
    return sql.Composed([sql.Literal(values[part]) if place % 2 else sql.SQL(part) for place, part in enumerate(parts)])
