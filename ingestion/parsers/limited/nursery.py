"""A process that has every parser loaded and forks one for each document: loading them took longer than most documents.

It holds nothing: no secret, no connection, no document. What is forked gives up its rights before it reads a byte, and ends
with its document, so that no document meets what another has left behind.

Over its standard input, a socket: an order (JSON, with descriptors: where to write, the document, and at times what is known
of it) is answered by the fork's number; its end by how it ended. Until the other side has said that it knows, the number is
not given free.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import json
import os
import select
import signal
import socket
from collections.abc import Callable
from typing import Any

ORDER_MOST = 65536
KNOWN = b"."
BESIDE = 3  # the descriptor at which a fork finds what is known of its document
_FDS_MOST = 4096


def serve(parse: Callable[[dict[str, Any]], None]) -> None:
    """Until the other side is gone. Runs `parse` in a fork, between the order's descriptors."""
    control = socket.socket(fileno=os.dup(0))
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.freeze()  # the forks share what is loaded, as long as nobody touches it
    while True:
        order, given, _, _ = socket.recv_fds(control, ORDER_MOST, 3)
        if not order:
            return
        child = os.fork()
        if not child:
            _become(given, json.loads(order), parse)
        for each in given:
            os.close(each)
        if not _attend(control, woken, child):
            return


def _become(given: list[int], order: dict[str, Any], parse: Callable[[dict[str, Any]], None]) -> None:
    """The fork: of everything that is open it keeps the document, the way out and nothing else."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        # Above all that they are to become, so that none is overwritten before it is moved.
        way_out, document, *beside = [fcntl.fcntl(each, fcntl.F_DUPFD, BESIDE + 1) for each in given]
        os.dup2(document, 0)
        os.dup2(way_out, 1)
        for known in beside:
            os.dup2(known, BESIDE)
        os.closerange(BESIDE + len(beside), _FDS_MOST)
        parse(order)
        code = 0
    finally:
        os._exit(code)


def _attend(control: socket.socket, woken: int, child: int) -> bool:
    """False where the other side has gone: then the fork has, too."""
    try:
        control.sendall(b"%d\n" % child)
        while (ended := os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is None:
            ready, _, _ = select.select([control.fileno(), woken], [], [])
            if control.fileno() in ready:
                raise ConnectionResetError
            with contextlib.suppress(BlockingIOError):
                os.read(woken, 512)
        sign = 1 if ended.si_code == os.CLD_EXITED else -1
        control.sendall(b"%d\n" % (sign * ended.si_status))
        if control.recv(1) != KNOWN:
            raise ConnectionResetError
        os.waitpid(child, 0)
        control.sendall(KNOWN)
    except OSError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        return False
    return True
