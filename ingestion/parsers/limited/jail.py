"""Shutting a process in for good, by what the kernel lets it give up and never take back.

It gives up root's capabilities, where it has them, so that no limit can be raised again. A seccomp filter refuses sockets, other
programs, signals, every change to a file or a folder, and memory that would outlive the process; Landlock leaves of all files
only those of the code, and those to be read.
"""

from __future__ import annotations

import ctypes
import functools
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
    (166, 39),  # umount2
    (155, 41),  # pivot_root
    (161, 51),  # chroot
    (428, 428),  # open_tree
    (429, 429),  # move_mount
    (430, 430),  # fsopen
    (432, 432),  # fsmount
    (433, 433),  # fspick
    (442, 442),  # mount_setattr
    (304, 265),  # open_by_handle_at
    (300, 262),  # fanotify_init
    (248, 217),  # add_key
    (249, 218),  # request_key
    (437, 437),  # openat2, whose flags stand where no filter sees them
    (85, None),  # creat
    (76, 45),  # truncate
    (77, 46),  # ftruncate
    (285, 47),  # fallocate
    (87, None),  # unlink
    (263, 35),  # unlinkat
    (82, None),  # rename
    (264, 38),  # renameat
    (316, 276),  # renameat2
    (83, None),  # mkdir
    (258, 34),  # mkdirat
    (84, None),  # rmdir
    (86, None),  # link
    (265, 37),  # linkat
    (88, None),  # symlink
    (266, 36),  # symlinkat
    (133, None),  # mknod
    (259, 33),  # mknodat
    (90, None),  # chmod
    (91, 52),  # fchmod
    (268, 53),  # fchmodat
    (452, 452),  # fchmodat2
    (92, None),  # chown
    (93, 55),  # fchown
    (94, None),  # lchown
    (260, 54),  # fchownat
    (132, None),  # utime
    (235, None),  # utimes
    (261, None),  # futimesat
    (280, 88),  # utimensat
    (188, 5),  # setxattr
    (189, 6),  # lsetxattr
    (190, 7),  # fsetxattr
    (463, 463),  # setxattrat
    (197, 14),  # removexattr
    (198, 15),  # lremovexattr
    (199, 16),  # fremovexattr
    (466, 466),  # removexattrat
    (319, 279),  # memfd_create: a file in memory that no limit of memory counts
    (447, 447),  # memfd_secret
    (29, 194),  # shmget: what it holds outlives the process
    (68, 186),  # msgget
    (64, 190),  # semget
    (240, 180),  # mq_open
    (164, None),  # settimeofday
    (227, 112),  # clock_settime
    (169, 142),  # reboot
    (167, 224),  # swapon
    (175, 105),  # init_module
    (313, 273),  # finit_module
    (246, 104),  # kexec_load
    (154, None),  # modify_ldt
)
_OPENAT, _OPEN = (257, 56), (2, None)
_CHANGES = 0x1 | 0x2 | 0x40 | 0x200  # of their flags: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC
_NO_CALL = 0xFFFFFFFF
_CAPABILITIES = 0x20080522  # the third version of capset's header
_X32 = 0x40000000  # a second numbering of the same calls on x86_64


def shut(code: Iterable[Path]) -> bool:
    """True where the network is cut off: no socket, no other program from here on. Of all files only those below
    `code` can still be opened, where the kernel has Landlock.
    """
    libc = _libc()
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    libc.capset(struct.pack("Ii", _CAPABILITIES, 0), bytes(24))  # effective, permitted and inheritable: none
    _leave_files(libc, code)
    program = _filter()
    if program is None:
        return False
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(header), 0, 0) == 0)


def prepare() -> None:
    """What every process that is shut in would do again: to be called before the first of them is forked."""
    _libc(), _filter()


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@functools.cache
def _filter() -> bytes | None:
    """None on an architecture whose calls are not known here."""
    known = _ARCHITECTURES.get(platform.machine())
    if known is None:
        return None
    architecture, column = known
    refused = [call for calls in _REFUSED if (call := calls[column]) is not None]
    return _program(architecture, refused, (_OPENAT[column] or _NO_CALL, _OPEN[column] or _NO_CALL))


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


def _program(architecture: int, refused: list[int], opening: tuple[int, int]) -> bytes:
    """Classic BPF: another architecture and another numbering are refused whole, then each refused call, then whatever
    opens a file to change it. `opening` are openat and open, whose flags are their third and their second argument.
    """
    load, equal, at_least, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    openat, opens = opening
    last = [
        (equal, 0, 2, openat),
        (load, 0, 0, 32),
        (any_bit, 4, 3, _CHANGES),
        (equal, 0, 2, opens),
        (load, 0, 0, 24),
        (any_bit, 1, 0, _CHANGES),
        (give, 0, 0, _ALLOW),
        (give, 0, 0, _REFUSE),
    ]
    lines = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, _REFUSE), (load, 0, 0, 0)]
    lines.append((at_least, len(refused) + len(last) - 1, 0, _X32))
    for left, call in zip(range(len(refused), 0, -1), refused, strict=True):
        lines.append((equal, left + len(last) - 2, 0, call))
    lines += last
    return b"".join(struct.pack("HBBI", *line) for line in lines)
