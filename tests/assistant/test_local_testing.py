"""Sessions of tests that run at the same time share one Postgres and one Valkey."""

from __future__ import annotations

from pathlib import Path

from assistant.local import marks
from tests.assistant.local_homes import open_home, python

SESSION = """
import os, sys, pathlib
os.environ.pop('CHANCERY_TEST_SERVICES', None)
from assistant.local import postgres, testing, valkey
found = testing.services(pathlib.Path(sys.argv[1]))
assert testing.services() == found
assert postgres.is_ready(found.superuser_url) and valkey.is_ready(found.valkey_url + '/127')
print(found.superuser_url, flush=True)
pathlib.Path(sys.argv[1], sys.argv[2]).touch()
if sys.argv[2] == 'killed': os._exit(9)
while not pathlib.Path(sys.argv[1], 'leave-' + sys.argv[2]).exists(): __import__('time').sleep(0.05)
"""


def alive(home: Path) -> list[bool]:
    found = [marks.read(home / "run" / f"{name}.pid") for name in ("postgres", "valkey")]
    return [mark is not None and marks.is_alive(mark) for mark in found]


def test_last_session_to_leave_stops_what_the_first_has_started() -> None:
    with open_home() as home:
        first, second = (python(SESSION, str(home), name) for name in ("first", "second"))
        assert marks.await_true(lambda: (home / "first").exists() and (home / "second").exists(), 60)
        (home / "leave-first").touch()
        addresses = {first.communicate(timeout=60)[0]}
        assert alive(home) == [True, True]
        (home / "leave-second").touch()
        addresses.add(second.communicate(timeout=60)[0])

        assert len(addresses) == 1
        assert alive(home) == [False, False]


def test_services_of_a_killed_session_are_used_by_the_next_and_then_stopped() -> None:
    with open_home() as home:
        killed = python(SESSION, str(home), "killed")
        killed.communicate(timeout=60)
        assert alive(home) == [True, True]
        (home / "leave-next").touch()
        python(SESSION, str(home), "next").communicate(timeout=60)

        assert alive(home) == [False, False]
