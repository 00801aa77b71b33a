"""The steps that bring Chancery up on one machine, each taking what the one before it made."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

from assistant.configuration import env
from assistant.local import environment, ports, postgres, processes, readiness, roles, valkey
from assistant.local.child import Process, tail
from assistant.local.console import Console
from assistant.local.postgres import Postgres
from assistant.local.processes import Command
from assistant.local.secrets import Secrets
from assistant.local.supervisor import Supervisor
from assistant.local.valkey import Valkey
from governance.errors import Conflict, Unavailable

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"


@dataclass
class Stack:
    """`variables` is what the processes are told, once the addresses are known."""

    home: Path
    port: int
    secrets: Secrets
    supervisor: Supervisor
    console: Console
    postgres: Postgres | None = None
    valkey: Valkey | None = None
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


def check_port(stack: Stack) -> None:
    if not ports.is_free(stack.port):
        raise Conflict(
            f"Port {stack.port} is taken by another program. Choose one: CHANCERY_PORT={stack.port + 1} make run"
        )


def start_services(stack: Stack) -> None:
    if not environment.is_replaced("DATABASE_URL"):
        with stack.console.step("Postgres") as step:
            stack.postgres = postgres.prepare(stack.home, stack.secrets)
            stack.supervisor.start(stack.postgres.process)
            roles.prepare(stack.postgres.superuser_url(), stack.secrets)
            step.note = "; ".join((f"{stack.postgres.host}:{stack.postgres.port}", *stack.postgres.notes))
    if not environment.is_replaced("REDIS_URL"):
        with stack.console.step("Valkey") as step:
            stack.valkey = valkey.prepare(stack.home, stack.secrets)
            stack.supervisor.start(stack.valkey.process)
            step.note = f"{stack.valkey.host}:{stack.valkey.port}"
    check_replaced()
    model_url = env.text("MODEL_URL") or f"http://{HOST}:{ports.choose(stack.home, 'model')}/v1"
    stack.variables = environment.build(stack.home, stack.secrets, stack.postgres, stack.valkey, model_url)
    environment.write(stack.home, stack.variables)


def check_replaced() -> None:
    """An operator's own server that does not answer is told at once. Raises Unavailable."""
    if url := env.secret("DATABASE_URL"):
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.Error as fault:
            raise Unavailable(f"DATABASE_URL is set, and no database answers there: {str(fault).strip()}") from None
    if url := env.secret("REDIS_URL"):
        client = redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5)
        try:
            client.ping()
        except redis.RedisError as fault:
            raise Unavailable(f"REDIS_URL is set, and no Redis or Valkey answers there: {fault}") from None
        finally:
            client.close()


def migrate(stack: Stack) -> None:
    with stack.console.step("Tables") as step:
        owner = environment.of_migrations(stack.secrets, stack.postgres)
        if owner is None:
            step.note = "left as they are: DATABASE_URL is set and CHANCERY_OWNER_URL is not"
            return
        code = command(stack, ["migrate", "--no-input"], stack.home / "log" / "migrate.log", owner)
        if code:
            raise Unavailable(f"The migrations did not succeed.\n{tail(stack.home / 'log' / 'migrate.log', 30)}")
        step.note = "migrated as the owner's role"


def start_processes(stack: Stack) -> None:
    with stack.console.step("Processes") as step:
        listed = [_process(stack, *one) for one in _commands(stack)]
        stack.supervisor.start(*listed)
        step.note = ", ".join(process.name for process in listed)
        if not any(process.name == "sealer" for process in listed):
            step.note += "; the record is not sealed: DATABASE_URL is set and CHANCERY_SEALER_URL is not"


def command(stack: Stack, argv: list[str], log: Path | None, more: dict[str, str] | None = None) -> int:
    """The exit code of one command of manage.py, run beside the others; with `log` None it writes to the terminal."""
    process = Process(
        name=argv[0],
        argv=[sys.executable, "manage.py", *argv],
        env=environment.of_processes(stack.variables) | (more or {}),
        log=log,
        cwd=ROOT,
    )
    return stack.supervisor.run(process)


def cluster_id(stack: Stack) -> str:
    """Names the embedded cluster: what was done once in one is to be done again in the next."""
    if stack.postgres is None:
        return ""
    with psycopg.connect(stack.postgres.superuser_url()) as connection:
        row = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
    return str(row[0]) if row else ""


def _commands(stack: Stack) -> list[tuple[Command, str, dict[str, str]]]:
    """Each command with the address that tells whether it is ready, and what it alone is told; workers are pinged."""
    model = urlsplit(stack.variables.get("MODEL_URL", ""))
    listed: list[tuple[Command, str, dict[str, str]]] = [
        (processes.web(HOST, stack.port), f"{stack.url}/healthz", {}),
    ]
    if not environment.is_replaced("MODEL_URL"):
        worker = processes.model_worker(HOST, model.port or processes.MODEL_PORT)
        listed.append((worker, f"http://{model.netloc}/health", {}))
    return listed + _of_the_record(stack) + [(one, "", {}) for one in processes.workers(str(stack.home / "run"))]


def _of_the_record(stack: Stack) -> list[tuple[Command, str, dict[str, str]]]:
    """The witness is ours where no other one was named. Neither is told what the application knows."""
    url = env.text("CHANCERY_WITNESS_URL") or f"http://{HOST}:{ports.choose(stack.home, 'witness')}"
    told = environment.of_sealer(stack.home, stack.secrets, stack.postgres, url)
    if told is None:
        return []
    listed = [(processes.sealer(), "-", told)]
    if not env.text("CHANCERY_WITNESS_URL"):
        port = urlsplit(url).port or processes.WITNESS_PORT
        listed.append((processes.witness(HOST, port), f"{url}/health", environment.of_witness()))
    return listed


def _process(stack: Stack, listed: Command, health: str, more: dict[str, str]) -> Process:
    variables = environment.of_processes(stack.variables) | more
    broker = stack.variables.get("REDIS_URL") or env.secret("REDIS_URL")
    return Process(
        name=listed.name,
        argv=environment.argv(listed),
        env=variables,
        log=stack.home / "log" / f"{listed.name}.log",
        ready=_ready(stack, listed.name, health, broker),
        ready_s=180.0,  # the model is read and its hash checked, on a disk that may be slow
        cwd=ROOT,
        nice=listed.nice,
        stage=1,
        stop_s=7.0,
    )


def _ready(stack: Stack, name: str, health: str, broker: str) -> Callable[[], bool]:
    if health == "-":  # the sealer answers nobody: it has said whose key it signs with
        return (stack.home / "record-keys" / "sealer.pub").exists
    return readiness.of_http(health) if health else readiness.of_worker(name, broker)
