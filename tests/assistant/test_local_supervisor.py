"""The supervisor keeps its children, takes them down with it, and lays hands on nobody else's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.local import marks
from assistant.local.child import Process
from assistant.local.supervisor import AlreadyRuns, Stopped, Supervisor
from governance.errors import Unavailable
from tests.assistant.local_homes import program, python

WAIT = "(home / f'{os.environ[\"NAME\"]}.{os.getpid()}').touch()\nwhile True: time.sleep(60)"
LIMIT_S = 60.0


def waiting(home: Path, name: str, code: str = WAIT, **more: object) -> Process:
    """Ready once it has left its pid in the home."""
    return program(
        home, name, code, env=dict(os.environ) | {"NAME": name}, ready=lambda: bool(pids(home, name)), **more
    )


def pids(home: Path, name: str) -> list[int]:
    return [int(file.suffix[1:]) for file in sorted(home.glob(f"{name}.*"), key=lambda f: f.stat().st_mtime_ns)]


def supervise(home: Path, told: list[str] | None = None) -> Supervisor:
    return Supervisor(home, "http://127.0.0.1:1", (told if told is not None else []).append)


def until(condition: Callable[[], bool], supervisor: Supervisor | None = None) -> None:
    def ticked() -> bool:
        if supervisor:
            supervisor.tick()
        return condition()

    assert marks.await_true(ticked, LIMIT_S)


def is_gone(pid: int) -> bool:
    return marks.started(pid) is None


def test_killed_child_is_started_again_and_it_is_said(tmp_path: Path) -> None:
    told: list[str] = []
    with supervise(tmp_path, told) as supervisor:
        supervisor.start(waiting(tmp_path, "one"))
        os.kill(pids(tmp_path, "one")[0], signal.SIGKILL)
        until(lambda: len(pids(tmp_path, "one")) == 2, supervisor)

        assert told[0].startswith("one was ended by SIGKILL and starts again in 0.5 s")
    assert all(is_gone(pid) for pid in pids(tmp_path, "one"))
    assert not list((tmp_path / "run").glob("*.pid"))


def test_pause_grows_while_a_child_keeps_failing(tmp_path: Path) -> None:
    told: list[str] = []
    with supervise(tmp_path, told) as supervisor:
        code = (
            "(home / f'one.{os.getpid()}').touch()\nif len(list(home.glob('one.*'))) > 1: sys.exit(3)\ntime.sleep(600)"
        )
        supervisor.start(waiting(tmp_path, "one", code))
        os.kill(pids(tmp_path, "one")[0], signal.SIGKILL)
        until(lambda: len(told) >= 3, supervisor)

    assert [line.split(" s;")[0].split(" in ")[1] for line in told[:3]] == ["0.5", "1", "2"]
    assert "exit code 3" in told[1]


def test_child_that_never_becomes_ready_is_reported_with_its_log(tmp_path: Path) -> None:
    process = program(tmp_path, "one", "print('no such table', file=sys.stderr); sys.exit(4)", ready=lambda: False)
    with (
        supervise(tmp_path) as supervisor,
        pytest.raises(Unavailable, match=r"exit code 4(.|\n)*no such table"),
    ):
        supervisor.start(process)


def test_what_uses_a_service_ends_before_the_service(tmp_path: Path) -> None:
    code = (
        "def end(*_):\n    (home / f'{os.environ[\"NAME\"]}-ended').touch(); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n" + WAIT
    )
    with supervise(tmp_path) as supervisor:
        supervisor.start(waiting(tmp_path, "service", code))
        supervisor.start(waiting(tmp_path, "user", code, stage=1))

    user, service = (tmp_path / f"{name}-ended" for name in ("user", "service"))
    assert user.stat().st_mtime_ns < service.stat().st_mtime_ns


def test_child_that_does_not_listen_is_ended_with_its_own_children(tmp_path: Path) -> None:
    code = (
        "import subprocess\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "(home / f'grandchild.{child.pid}').touch()\n" + WAIT
    )
    with supervise(tmp_path) as supervisor:
        supervisor.start(waiting(tmp_path, "one", code, stop_s=0.5))

    until(lambda: is_gone(pids(tmp_path, "one")[0]) and is_gone(pids(tmp_path, "grandchild")[0]))


def test_signal_ends_the_watch_and_everything_with_it(tmp_path: Path) -> None:
    def run() -> None:
        with supervise(tmp_path) as supervisor:
            supervisor.start(waiting(tmp_path, "one"))
            os.kill(os.getpid(), signal.SIGTERM)
            supervisor.watch()

    with pytest.raises(Stopped):
        run()

    assert is_gone(pids(tmp_path, "one")[0])
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_one_command_runs_while_the_others_are_kept(tmp_path: Path) -> None:
    with supervise(tmp_path) as supervisor:
        supervisor.start(waiting(tmp_path, "one"))
        assert supervisor.run(program(tmp_path, "command", "print('done'); sys.exit(7)")) == 7

    assert (tmp_path / "log" / "command.log").read_text() == "done\n"


def test_second_supervisor_of_a_home_is_told_of_the_first(tmp_path: Path) -> None:
    with supervise(tmp_path):
        with pytest.raises(AlreadyRuns) as refused, supervise(tmp_path):
            pass
        assert str(os.getpid()) in refused.value.message
        assert "CHANCERY_HOME" in refused.value.message


SUPERVISOR = """
import sys, pathlib
from tests.assistant.test_local_supervisor import WAIT, supervise, waiting
home = pathlib.Path(sys.argv[1])
with supervise(home) as supervisor:
    supervisor.start(waiting(home, 'one', sys.argv[2]), waiting(home, 'two'))
    (home / 'up').touch()
    supervisor.watch()
"""


def killed_supervisor(home: Path, code: str) -> None:
    """One with two children that was ended by kill -9 after both were up."""
    process = python(SUPERVISOR, str(home), code)
    until(lambda: (home / "up").exists() or process.poll() is not None)
    assert process.poll() is None, process.communicate()[0]
    process.kill()
    process.wait()


def test_kill_9_of_the_supervisor_takes_its_children_down(tmp_path: Path) -> None:
    killed_supervisor(tmp_path, WAIT)

    until(lambda: all(is_gone(pid) for name in ("one", "two") for pid in pids(tmp_path, name)))


def test_next_supervisor_ends_what_a_killed_one_left(tmp_path: Path) -> None:
    killed_supervisor(tmp_path, "signal.signal(signal.SIGTERM, lambda *_: time.sleep(1) or os._exit(0))\n" + WAIT)
    left = pids(tmp_path, "one")[0]
    told: list[str] = []
    with supervise(tmp_path, told):
        assert is_gone(left)
    assert told
    assert str(left) in told[0]


def test_pid_file_that_names_a_stranger_harms_nobody(tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        (tmp_path / "run").mkdir()
        until(lambda: marks.argv(stranger.pid)[:1] == [sys.executable])  # a moment after exec it still has none
        mark = marks.write(tmp_path / "run" / "web.pid", stranger.pid, marks.argv(stranger.pid))
        assert marks.is_alive(mark)
        for field, value in (("started", mark.started + 1), ("argv", ["other"]), ("boot", "another")):
            forged = marks.Mark(**(vars(mark) | {field: value}))
            assert not marks.is_alive(forged)
        marks.write(tmp_path / "run" / "web.pid", stranger.pid, ["uvicorn"])
        with supervise(tmp_path):
            time.sleep(0)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_long_log_is_put_aside_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.local.child.LOG_BYTES", 10)
    with supervise(tmp_path) as supervisor:
        supervisor.run(program(tmp_path, "command", "print('the first start')"))
        supervisor.run(program(tmp_path, "command", "print('the second')"))

    assert (tmp_path / "log" / "command.log").read_text() == "the second\n"
    assert (tmp_path / "log" / "command.log.1").read_text() == "the first start\n"


def test_child_that_dies_is_reported_while_another_is_waited_for(tmp_path: Path) -> None:
    slow = program(tmp_path, "slow", WAIT, env=dict(os.environ) | {"NAME": "slow"}, ready=lambda: False, ready_s=3600.0)
    broken = program(tmp_path, "broken", "sys.exit(4)", ready=lambda: False)
    with supervise(tmp_path) as supervisor, pytest.raises(Unavailable, match="broken ended with exit code 4"):
        supervisor.start(slow, broken)
