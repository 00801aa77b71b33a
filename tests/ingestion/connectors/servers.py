"""Real servers of other people on free ports of this machine: what a source would be, with somebody who puts files into it."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

BIN = Path(sys.executable).parent
USER, PASSWORD = "carol", "open-sesame-4711"


class Missing(Exception):
    """A program that is not installed here."""


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextlib.contextmanager
def running(argv: list[str], port: int, **options: Any) -> Iterator[None]:
    """A server of its own process, once it listens."""
    if not (Path(argv[0]).exists() or shutil.which(argv[0])):
        raise Missing(argv[0])
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        _await(port, process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"no server came up on {port}: {process.args!r}")


@contextlib.contextmanager
def static(folder: Path) -> Iterator[str]:
    """Python's own file server."""
    port = free_port()
    argv = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    with running(argv, port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def webdav(folder: Path) -> Iterator[str]:
    port = free_port()
    config = folder.parent / "wsgidav.json"
    config.write_text(
        json.dumps(
            {
                "host": "127.0.0.1",
                "port": port,
                "provider_mapping": {"/dav": str(folder)},
                "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
                "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
                "property_manager": True,
                "lock_storage": True,
            }
        )
    )
    argv = [str(BIN / "wsgidav"), "--server", "wsgiref", "-c", str(config), "-q"]
    with running(argv, port):
        yield f"http://127.0.0.1:{port}/dav/"


@contextlib.contextmanager
def s3() -> Iterator[str]:
    port = free_port()
    with running([str(BIN / "moto_server"), "-H", "127.0.0.1", "-p", str(port)], port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def imap(certificate: Path | None) -> Iterator[int]:
    """Without a certificate it speaks no TLS."""
    port = free_port()
    argv = [str(BIN / "pymap"), "--host", "127.0.0.1", "--port", str(port)]
    argv += ["--cert", str(certificate), "--key", str(certificate)] if certificate else ["--no-tls"]
    argv += ["--no-service", "admin", "--no-service", "managesieve"]
    argv += ["dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
    with running(argv, port):
        yield port


@contextlib.contextmanager
def tls(certificate: Path, plain: int) -> Iterator[int]:
    """What speaks TLS from the first byte on, before a server that cannot: a port for that of `plain`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    port, loop = free_port(), asyncio.new_event_loop()

    async def handed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", plain)
        both = (_copied(reader, inner_writer), _copied(inner_reader, writer))
        await asyncio.gather(*both, return_exceptions=True)

    async def begun() -> asyncio.Server:
        return await asyncio.start_server(handed_on, "127.0.0.1", port, ssl=context)

    server = loop.run_until_complete(begun())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(_left(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _left(server: asyncio.Server) -> None:
    """Lines that are open still are closed while their loop runs."""
    server.close()
    open_still = asyncio.all_tasks() - {asyncio.current_task()}
    for task in open_still:
        task.cancel()
    await asyncio.gather(*open_still, return_exceptions=True)


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(64 * 1024):
            writer.write(piece)
            await writer.drain()
    finally:
        writer.close()


@contextlib.contextmanager
def git(folder: Path) -> Iterator[str]:
    """Git's own server program behind the plainest of CGI hosts. Each repository below `folder` is served."""
    program = "/usr/lib/git-core/git-http-backend"
    if not Path(program).exists():
        raise Missing(program)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._run(b"")

        def do_POST(self) -> None:
            self._run(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _run(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            variables = {
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": parts.path,
                "QUERY_STRING": parts.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
            }
            done = subprocess.run([program], input=body, env=variables, capture_output=True, check=False)
            head, _, rest = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest)

        def log_message(self, *_: Any) -> None:
            return

    with serving(Handler) as address:
        yield address


@contextlib.contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@contextlib.contextmanager
def answering(answer: Callable[[http.server.BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A server of our own for what no decent one does: `answer` is called with every request."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(OSError):
                answer(self)

        def log_message(self, *_: Any) -> None:
            return

    for verb in ("POST", "PROPFIND", "HEAD"):
        setattr(Handler, f"do_{verb}", Handler.do_GET)
    with serving(Handler) as address:
        yield address


def say(to: http.server.BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    to.send_response(status)
    for name, value in headers.items():
        to.send_header(name.replace("_", "-"), value)
    to.send_header("Content-Length", str(len(body)))
    to.end_headers()
    to.wfile.write(body)


def commit(work: Path, what: str) -> None:
    """Everything that stands in the folder, as a commit of its main branch."""
    who = ["-c", "user.name=Carol", "-c", "user.email=carol@example.org", "-c", "commit.gpgsign=false"]
    if not (work / ".git").exists():
        subprocess.run(["git", "init", "-q", "-b", "main", str(work)], check=True)
    subprocess.run(["git", "-C", str(work), "add", "-A"], check=True)
    subprocess.run(["git", "-C", str(work), *who, "commit", "-q", "--allow-empty", "-m", what], check=True)


def index(folder: Path) -> None:
    """A page that links to every file beside it, as a website has one."""
    links = [
        f'<p><a href="{quote(str(path.relative_to(folder)))}">{path.name}</a></p>'
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in {"index.html", "robots.txt", "sitemap.xml"}
    ]
    (folder / "index.html").write_text(f"<!doctype html><title>Start</title><main>{''.join(links)}</main>")
