"""The processes of Chancery, one list for every kind of installation: `make run` starts these, compose.yaml too."""

from __future__ import annotations

from dataclasses import dataclass

WEB_PORT = 8000
MODEL_PORT = 8801
WITNESS_PORT = 8802
ANSWERED_AT_ONCE = 8  # of all tenants together, by one worker


@dataclass(frozen=True)
class Command:
    """`argv` begins with the word python; whoever starts it puts its own interpreter there."""

    name: str
    argv: tuple[str, ...]
    nice: int = 0


def web(host: str, port: int) -> Command:
    return Command(
        "web",
        (
            *("python", "-m", "uvicorn", "assistant.asgi:application", "--host", host, "--port", str(port)),
            # Streams stay open for minutes: a stop ends them, and the browser resumes where it was.
            *(
                "--timeout-graceful-shutdown",
                "3",
                "--lifespan",
                "off",
                "--no-server-header",
                "--no-access-log",
                "--no-proxy-headers",  # whom to believe is a setting: CHANCERY_TRUSTED_PROXIES
            ),
        ),
    )


def model_worker(host: str, port: int) -> Command:
    return Command("model", ("python", "manage.py", "model_worker", "--host", host, "--port", str(port)))


def sealer() -> Command:
    return Command("sealer", ("python", "manage.py", "sealer"))


def witness(host: str, port: int) -> Command:
    return Command("witness", ("python", "manage.py", "witness", "--host", host, "--port", str(port)))


def worker(queue: str, pool: str, size: int, *more: str, nice: int = 0, also: str = "") -> Command:
    """`also` is a second queue, from which it takes in turns with the first."""
    return Command(
        queue,
        (
            *(
                "python",
                "-m",
                "celery",
                "-A",
                "assistant",
                "worker",
                "-Q",
                f"{queue},{also}" if also else queue,
                "-n",
                f"{queue}@%h",
            ),
            *("-P", pool, "-c", str(size), "--without-gossip", "--without-mingle", "-l", "INFO", *more),
        ),
        nice,
    )


def workers(run: str) -> tuple[Command, ...]:
    """`run` is the folder of beat's schedule. Reading yields to answering: it runs nice, and while some of its
    hands embed the others parse and store. One hand more than one tenant gets (CHANCERY_INGEST_PER_TENANT)."""
    return (
        worker("answers", "threads", ANSWERED_AT_ONCE),
        worker("ingest", "threads", 6, nice=10, also="build"),
        worker("housekeeping", "threads", 5, "-B", "-s", f"{run}/beat"),
    )
