"""Archives, packs of Git and folders that would unpack to too much, or lead out of their place."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingestion import connectors
from ingestion.connectors import packs
from ingestion.connectors.base import Connector, Ground, Item, ItemDown, ItemRefused, SourceRefuses
from tests.ingestion.connectors import servers
from tests.ingestion.connectors.hostile import (
    SHORT,
    made,
)
from tests.ingestion.connectors.servers import say

pytestmark = pytest.mark.usefixtures("bounded")


def zipped(write: Callable[[zipfile.ZipFile], None]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        write(archive)
    return held.getvalue()


def unkind(archive: zipfile.ZipFile) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    archive.writestr(link, "/etc/passwd")
    for name in ("../../up.txt", "/abs.txt", "a/../../b.txt", "C:\\x.txt", ".hidden", "__MACOSX/x", "good.txt"):
        archive.writestr(name, b"words")
    archive.writestr("bomb.txt", b"0" * 5_000_000)


def test_an_archive_writes_nowhere_and_unpacks_no_bomb() -> None:
    body = zipped(unkind)
    with servers.answering(lambda to: say(to, body)) as url, made("zip", url) as place:
        items = {item.key: item for item in place.changes("") if isinstance(item, Item)}
        assert set(items) == {"good.txt", "bomb.txt"}
        with pytest.raises(ItemRefused, match="larger"):
            place.read(items["bomb.txt"])
        with place.read(items["good.txt"]) as file:
            assert file.read() == b"words"


def test_an_archive_that_lies_of_its_sizes_is_measured() -> None:
    body = zipped(lambda archive: archive.writestr("a.txt", b"0" * 5_000_000))
    body = body.replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with servers.answering(lambda to: say(to, body)) as url, made("zip", url) as place:
        (item,) = (one for one in place.changes("") if isinstance(one, Item))
        with pytest.raises(ItemRefused):
            place.read(item)


def header(kind: int, size: int) -> bytes:
    first, size, out = (kind << 4) | (size & 15), size >> 4, b""
    while size:
        out, first, size = out + bytes([first | 0x80]), size & 0x7F, size >> 7
    return out + bytes([first])


def pack(*objects: tuple[int, int, bytes]) -> io.BytesIO:
    """(kind, said size, body that is compressed)."""
    packed = b"".join(header(kind, size) + zlib.compress(body, 9) for kind, size, body in objects)
    return io.BytesIO(b"PACK" + (2).to_bytes(4, "big") + len(objects).to_bytes(4, "big") + packed)


UNPACKABLE = {
    "one that is too large": pack((3, 10_000_000, b"0" * 10_000_000)),
    "one that says less than it is": pack((3, 10, b"0" * 10_000)),
    "one that says more than it is": pack((3, 1000, b"0" * 10)),
    "too much in all": pack(*[(3, 90_000, b"0" * 90_000)] * 20),
    "a delta that becomes too large": pack((3, 3, b"abc"), (6, 6, b"")),
    "cut": io.BytesIO(pack((3, 90_000, os.urandom(90_000))).getvalue()[:-100]),
    "no pack": io.BytesIO(b"PICK" + bytes(100)),
    "millions": io.BytesIO(b"PACK\0\0\0\2\xff\xff\xff\xff"),
}


@pytest.mark.parametrize("what", UNPACKABLE)
def test_a_pack_that_would_unpack_to_too_much_is_not_unpacked(what: str) -> None:
    with pytest.raises(packs.BadPack):
        packs.check(UNPACKABLE[what], 100_000, 1_000_000)


def test_a_delta_is_measured_by_what_it_becomes() -> None:
    said = b"\x03" + b"\x80\x80\x80\x05" + b"\x90\x03"  # of 3 bytes, to 10 million
    body = zlib.compress(said)
    delta = header(6, len(said)) + b"\x05" + body
    whole = b"PACK\0\0\0\2\0\0\0\2" + header(3, 3) + zlib.compress(b"abc") + delta
    with pytest.raises(packs.BadPack):
        packs.check(io.BytesIO(whole), 100_000, 1_000_000)


def test_packs_of_git_itself_are_let_through(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.txt").write_text(f"Paper {number}\n" * 200 + "x" * number)
        servers.commit(tmp_path, f"Number {number}")
    subprocess.run(["git", "-C", str(tmp_path), "gc", "-q", "--aggressive"], check=True)
    (found,) = (tmp_path / ".git" / "objects" / "pack").glob("*.pack")
    with found.open("rb") as file:
        packs.check(file, 100_000, 1_000_000)


def test_links_and_odd_names_in_a_repository_are_passed_over(tmp_path: Path) -> None:
    work = tmp_path / "papers"
    work.mkdir()
    (work / "good.txt").write_text("Good.")
    (work / "link.txt").symlink_to("/etc/passwd")
    (work / ".hidden").write_text("x")
    (work / "lfs.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    servers.commit(work, "All")
    try:
        with (
            servers.git(tmp_path) as url,
            connectors.connector("git", {"url": f"{url}/papers/.git"}, {}, SHORT) as place,
        ):
            items = {item.key: item for item in place.changes("") if isinstance(item, Item)}
            assert set(items) == {"good.txt", "lfs.bin"}
            with pytest.raises(ItemRefused, match="LFS"):
                place.read(items["lfs.bin"])
    except servers.Missing as gone:
        pytest.skip(f"{gone} is not installed here")


def share(tmp_path: Path, **changed: Any) -> Connector:
    return connectors.connector(
        "folder", {"path": str(tmp_path / "share")}, {}, Ground(folders=[str(tmp_path / "share")], **changed)
    )


def test_links_out_of_a_folder_are_followed_neither_in_a_list_nor_behind_ones_back(tmp_path: Path) -> None:
    (tmp_path / "share" / "inner").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.txt").write_text("secret")
    (tmp_path / "share" / "inner" / "a.txt").write_text("open")
    (tmp_path / "share" / "link.txt").symlink_to(tmp_path / "secret" / "a.txt")
    (tmp_path / "share" / "linked").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "share" / "pipe.txt")
    with share(tmp_path) as place:
        items = {item.key: item for item in place.changes("") if isinstance(item, Item)}
        assert set(items) == {"inner/a.txt"}
        (tmp_path / "share" / "inner").rename(tmp_path / "share" / "moved")
        (tmp_path / "share" / "inner").symlink_to(tmp_path / "secret")
        for key in ("inner/a.txt", "link.txt", "linked/a.txt"):
            with pytest.raises((ItemDown, ItemRefused)):
                place.read(Item(key, "a.txt", "1"))
        with pytest.raises(ItemRefused):
            place.read(Item("pipe.txt", "pipe.txt", "1"))


@pytest.mark.parametrize("path", ["/srv/share/../../etc", "/srv/shared", "/srv", "/", "/etc/passwd", "srv/share"])
def test_a_folder_is_opened_below_its_root_alone(path: str) -> None:
    ground = Ground(folders=["/srv/share"])
    with (
        connectors.connector("folder", {"path": path}, {}, ground) as place,
        pytest.raises(SourceRefuses, match="not opened"),
    ):
        place.probe()
