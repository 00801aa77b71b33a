"""A parser that has been taken over by a document gets nowhere, and its end has a name.

The takeover is played by a parser of the tests' own, put into the real child in place of those that it knows."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path

import pytest

from ingestion import formats
from ingestion.parsers.base import Parsed, ParseFailed
from ingestion.parsers.limited import forks, sandbox
from ingestion.parsers.limited.sandbox import Limits
from tests.ingestion import papers
from tests.ingestion.takeovers import KNOWN_START, TAKEN_OVER, Attempt, failed, parsed, said


@pytest.fixture
def attempt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Attempt:
    """Runs lines of Python as the parser; what they assign to `said` becomes the text."""
    document = tmp_path / "document"
    document.write_bytes(b"words")

    def run(body: str, limits: Limits = sandbox.LIMITS) -> Parsed:
        lines = textwrap.indent(textwrap.dedent(body).strip(), " " * 12)
        program = TAKEN_OVER.format(body=lines).replace("{", "{{").replace("}", "}}")
        monkeypatch.setattr(forks, "START", KNOWN_START.replace("child.main()", "") + program)
        return sandbox.run(document, "hostile", limits)

    return run


def test_every_format_is_read_through_the_sandbox(tmp_path: Path) -> None:
    samples = {
        formats.PDF: papers.pdf("Thirty days."),
        formats.DOCX: papers.word(("Normal", "Thirty days.")),
        formats.HTML: b"<p>Thirty days.",
        formats.MARKDOWN: b"Thirty days.",
        formats.TEXT: "Drei\u00dfig Tage. Thirty days.".encode("cp1252"),
    }
    for media_type, content in samples.items():
        read = parsed(tmp_path, content, media_type)
        assert said(read).endswith("Thirty days.")
        assert read.warnings == ()  # the network is cut off, or this would say that it is not


def test_pages_are_told_while_they_are_read(tmp_path: Path) -> None:
    document = tmp_path / "upload"
    document.write_bytes(papers.drawn_pdf([[(72, 700, "words")]] * 3))
    told: list[tuple[int, int]] = []
    read = sandbox.run(document, formats.PDF, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert [section.locator.page for section in read.sections] == [1, 2, 3]


def test_the_fault_of_a_parser_arrives_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(ParseFailed) as failed:
        parsed(tmp_path, papers.drawn_pdf([[(72, 700, "x")]], password="hush"), formats.PDF)
    assert failed.value.code == "encrypted"
    assert "without the password" in failed.value.remedy


@pytest.mark.parametrize(
    "deed",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9), 1)",
        "import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "import socket; socket.socket(socket.AF_UNIX)",
        "import socket; socket.socketpair()",
        "import ctypes; said = ('PermissionError', 'done')[ctypes.CDLL(None).syscall(425, 1, 0) >= 0]",  # io_uring
        "import os; os.fork()",
        "import os; os.execv('/bin/true', ['true'])",
        "import subprocess; subprocess.run(['/bin/true'])",
        "import os; os.kill(os.getppid(), 0)",
        "import threading; threading.Thread(target=print).start()",
    ],
)
def test_network_programs_and_signals_are_refused(attempt: Attempt, deed: str) -> None:
    if "Thread" in deed:
        assert failed(attempt, deed).code == "broken"
    else:
        assert said(attempt(deed)) == "PermissionError"


def test_the_environment_and_open_files_hold_nothing_of_the_worker(
    attempt: Attempt, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:secret@db/chancery")
    with (tmp_path / "held").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        told = said(attempt("import os; said = *sorted(os.environ), os.getsid(0) == os.getpid()"))
        assert told in {"('LANG', 'PATH', True)", "('LANG', 'LC_CTYPE', 'PATH', True)"}
        assert said(attempt(f"import os; os.fstat({held.fileno()})")) == "OSError"


def test_django_the_database_and_the_floors_above_do_not_exist(attempt: Attempt) -> None:
    tried = """
    said = []
    for name in ("django.db", "psycopg", "redis", "assistant.settings", "inference.runners", "ingestion.models"):
        try:
            __import__(name)
        except ImportError:
            said.append(name)
    said = len(said)
    """
    assert said(attempt(tried)) == "6"


def test_nothing_is_written(attempt: Attempt, tmp_path: Path) -> None:
    target = tmp_path / "written"
    tried = f"""
    import os, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    os.write(os.open({str(target)!r}, os.O_WRONLY | os.O_CREAT), b"x")
    said = "written"
    """
    assert said(attempt(tried)) in {"PermissionError", "OSError"}
    assert not target.exists() or not target.read_bytes()


@pytest.mark.parametrize("has_landlock", [True, False])
@pytest.mark.parametrize(
    "deed",
    [
        "os.truncate(path, 0)",
        "open(path, 'wb')",
        "open(path, 'r+b')",
        "os.unlink(path)",
        "os.rename(path, path + '2')",
        "os.link(path, path + '2')",
        "os.symlink('/etc/passwd', path + '2')",
        "os.chmod(path, 0o777)",
        "os.chown(path, -1, -1)",
        "os.utime(path)",
        "os.setxattr(path, 'user.a', b'b')",
        "os.mkdir(path + '2')",
        "os.mkfifo(path + '2')",
        "os.memfd_create('a')",
        "raised(libc.shmget(0, 4096, 0o1600))",  # what it holds outlives the process
        "raised(libc.msgget(0, 0o1600))",
        "raised(libc.semget(0, 1, 0o1600))",
        "raised(libc.chroot(b'/'))",
        "raised(libc.syscall(437, -100, path.encode(), bytes(24), 24))",  # openat2, whose flags no filter sees
    ],
)
def test_no_file_is_changed_and_nothing_outlives_it_with_landlock_or_without(
    attempt: Attempt, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, deed: str, *, has_landlock: bool
) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"as it was")
    before = target.stat()
    if not has_landlock:
        without = "from ingestion.parsers.limited import jail; jail._leave_files = lambda *_: None\n"
        monkeypatch.setattr(sys.modules[__name__], "TAKEN_OVER", without + TAKEN_OVER)
    tried = f"""
    import ctypes, errno, os
    libc, path = ctypes.CDLL(None, use_errno=True), {str(target)!r}
    def raised(done):
        if done < 0:
            raise OSError(ctypes.get_errno(), "refused")
    {deed}
    said = "done"
    """
    assert said(attempt(tried)) == "PermissionError"
    assert target.read_bytes() == b"as it was"
    after = target.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_nlink) == (before.st_mode, before.st_mtime_ns, before.st_nlink)
    assert [path.name for path in tmp_path.iterdir() if path.name != "document"] == ["file"]


def test_its_limits_cannot_be_raised_by_whichever_account(attempt: Attempt) -> None:
    tried = """
    import resource
    said = []
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_CPU):
        try:
            resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (OSError, ValueError):
            said.append(limit)
    said = len(said)
    """
    assert said(attempt(tried)) == "4"


def test_files_beside_the_code_are_out_of_reach_where_the_kernel_can_do_that(attempt: Attempt, tmp_path: Path) -> None:
    secret = tmp_path / "record.key"
    secret.write_text("secret")
    read = said(attempt(f"said = open({str(secret)!r}).read()"))
    if read == "secret":
        pytest.skip("this kernel has no Landlock: a parser can read what its account can")
    assert read == "PermissionError"
    assert (
        said(attempt("said = open('/proc/' + str(__import__('os').getppid()) + '/environ').read()"))
        == "PermissionError"
    )
    assert said(attempt("import mailbox; said = mailbox.__name__")) == "mailbox"


def test_too_much_memory_is_named(attempt: Attempt) -> None:
    assert failed(attempt, "said = len(b'x' * (2 << 30))").code == "out_of_memory"


def test_a_parser_that_the_system_kills_is_out_of_memory(attempt: Attempt) -> None:
    # By the one signal of the kernel's own that a test can bring about: it ends as by the one for lack of memory.
    killed = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass"
    assert failed(attempt, killed).code == "out_of_memory"


def test_a_parser_that_computes_for_ever_is_late(attempt: Attempt) -> None:
    assert failed(attempt, "while True: pass", Limits(cpu_s=1)).code == "timeout"


def test_a_parser_that_sleeps_is_late_and_leaves_no_process(attempt: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    kill = forks.Fork.kill

    def noted(fork: forks.Fork) -> None:
        ended.append(fork.pid)
        kill(fork)

    monkeypatch.setattr(forks.Fork, "kill", noted)
    assert failed(attempt, "import time; time.sleep(600)", Limits(wall_s=1)).code == "timeout"
    with pytest.raises(ProcessLookupError):
        os.killpg(ended[0], 0)


@pytest.mark.parametrize(
    "deed",
    [
        "import os; os._exit(0)",
        "import os; os.abort()",
        "import ctypes; ctypes.string_at(0)",
        "sys.stdout.buffer.write(b'no json\\n'); sys.stdout.flush()",
        "sys.stdout.buffer.write(b'{\"parsed\": 7}\\n'); sys.stdout.flush()",
        "sys.stdout.buffer.write(b'[' * 100000 + b'\\n'); sys.stdout.flush()",
        "sys.stdout.close()",
    ],
)
def test_a_crash_and_a_lie_are_named(attempt: Attempt, deed: str) -> None:
    assert failed(attempt, deed).code in {"crashed", "broken"}


def test_any_exception_means_that_the_document_is_broken(attempt: Attempt) -> None:
    assert failed(attempt, "raise KeyError('a')").code == "broken"
    assert failed(attempt, "def f(): return f()\nf()").code == "broken"


def test_what_a_parser_prints_is_bounded(attempt: Attempt) -> None:
    assert (
        failed(attempt, "while True: sys.stdout.buffer.write(b'x' * 65536)", Limits(output=1 << 20)).code == "too_large"
    )
    endless = 'while True: sys.stdout.buffer.write(b\'{"done": 1, "total": 2}\\n\')'
    assert failed(attempt, endless, Limits(output=1 << 20)).code == "too_large"


def test_limits_of_size_reach_the_parser(tmp_path: Path) -> None:
    with pytest.raises(ParseFailed) as failed:
        parsed(tmp_path, papers.drawn_pdf([[(72, 700, "x")]] * 3), formats.PDF, Limits(pages=2))
    assert failed.value.code == "too_large"
    with pytest.raises(ParseFailed) as failed:
        parsed(tmp_path, papers.package(papers.paragraph("x" * 5_000)), formats.DOCX, Limits(unpacked=1_000))
    assert failed.value.code == "too_large"


def test_fifty_megabytes_on_one_line_end_in_a_named_state(tmp_path: Path) -> None:
    for media_type in (formats.TEXT, formats.MARKDOWN, formats.HTML):
        with pytest.raises(ParseFailed) as failed:
            parsed(tmp_path, b"word " * 10_000_000, media_type)
        assert failed.value.code in {"too_large", "out_of_memory"}


def test_flags_arrive_and_what_is_no_flag_does_not(attempt: Attempt) -> None:
    found = attempt("return Parsed('', (Section((), 'words', Locator()),), flags=('macros', 'invented'))")
    assert found.flags == ("macros",)
