"""Several who do something at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection

from governance.errors import ChanceryError, NotFound


def together(*deeds: Callable[[], object]) -> list[str]:
    """What came of each: done, gone, or what it was told. Any other error is the test's."""
    start, came, broken = threading.Barrier(len(deeds)), ["" for _ in deeds], list[BaseException]()

    def run(at: int) -> None:
        start.wait()
        try:
            deeds[at]()
            came[at] = "done"
        except NotFound:
            came[at] = "gone"
        except ChanceryError as fault:
            came[at] = fault.message
        except BaseException as fault:  # noqa: BLE001  raised again below
            broken.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]
    return came
