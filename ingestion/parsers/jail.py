"""Shutting a process in for good, by what the kernel lets it give up and never take back.

A seccomp filter refuses sockets, other programs and signals; Landlock leaves of all files only those of the code.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
from collections.abc import Iterable
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 38, 22
_SECCOMP_MODE_FILTER = 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 13  # EACCES
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_PATH_BENEATH = 1
_EVERYTHING = 0x1FFF  # the rights over files of Landlock's first version
_READ = 0x4 | 0x8  # files and folders
_O_PATH = 0x200000
_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # its name for the audit, and its column below
_REFUSED = (
    (41, 198),  # socket
    (53, 199),  # socketpair
    (42, 203),  # connect
    (49, 200),  # bind
    (50, 201),  # listen
    (43, 202),  # accept
    (44, 206),  # sendto
    (46, 211),  # sendmsg
    (57, None),  # fork
    (58, None),  # vfork
    (56, 220),  # clone
    (435, 435),  # clone3
    (59, 221),  # execve
    (322, 281),  # execveat
    (101, 117),  # ptrace
    (310, 270),  # process_vm_readv
    (311, 271),  # process_vm_writev
    (438, 438),  # pidfd_getfd
    (62, 129),  # kill
    (200, 130),  # tkill
    (234, 131),  # tgkill
    (129, 138),  # rt_sigqueueinfo
    (424, 424),  # pidfd_send_signal
    (425, 425),  # io_uring_setup
    (321, 280),  # bpf
    (323, 282),  # userfaultfd
    (298, 241),  # perf_event_open
    (250, 219),  # keyctl
    (165, 40),  # mount
    (272, 97),  # unshare
    (308, 268),  # setns
)
_X32 = 0x40000000  # a second numbering of the same calls on x86_64


def shut(code: Iterable[Path]) -> bool:
    """True where the network is cut off: no socket, no other program from here on. Of all files only those below
    `code` can still be opened, where the kernel has Landlock.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    _leave_files(libc, code)
    known = _ARCHITECTURES.get(platform.machine())
    if known is None:
        return False
    architecture, column = known
    program = _program(architecture, [call for calls in _REFUSED if (call := calls[column]) is not None])
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(header), 0, 0) == 0)


def _leave_files(libc: ctypes.CDLL, code: Iterable[Path]) -> None:
    """Nothing happens on a kernel without Landlock: the files stay as far as the account may read them."""
    rights = struct.pack("Q", _EVERYTHING)
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.c_char_p(rights), ctypes.c_size_t(len(rights)), 0)
    if ruleset < 0:
        return
    for path in code:
        if path.is_dir():
            place = os.open(path, _O_PATH | os.O_CLOEXEC)
            rule = struct.pack("=Qi", _READ, place)
            libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.c_char_p(rule), 0)
            os.close(place)
    libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _program(architecture: int, refused: list[int]) -> bytes:
    """Classic BPF: another architecture and another numbering are refused whole, then each refused call."""
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    lines = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, _REFUSE), (load, 0, 0, 0)]
    lines.append((at_least, len(refused) + 1, 0, _X32))
    for left, call in zip(range(len(refused), 0, -1), refused, strict=True):
        lines.append((equal, left, 0, call))
    lines += [(give, 0, 0, _ALLOW), (give, 0, 0, _REFUSE)]
    return b"".join(struct.pack("HBBI", *line) for line in lines)
