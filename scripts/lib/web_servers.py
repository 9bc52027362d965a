"""nginx and Caddy as docs/hosting.md sets them up: what is tested is what the page says, with another folder and port."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "hosting.md"


def examples(language: str) -> list[str]:
    """The examples of the page that are written in `language`."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def recipe(language: str) -> str:
    """The only example in `language`."""
    (found,) = examples(language)
    return found


def put_in(text: str, *changes: tuple[str, str]) -> str:
    """The recipe with a reader's own names; each of the page's has to be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def nginx(
    folder: Path, work: Path, workers: int = 1, decoder: Path | None = None
) -> Iterator[tuple[str, int]]:
    """URL and process id of an nginx that serves the published tree `folder`.

    Args:
        folder: It.
        work: An empty folder for its own files.
        workers: Processes.
        decoder: Folder of the web decoder, to be served with its page.
    """
    port = free_port()
    site = recipe("nginx")
    if decoder is not None:
        more = put_in(recipe("conf"), ("/srv/haac-web", str(decoder)))
        site = f"{site.rstrip()[:-1]}{more}}}\n"
    site = put_in(
        site,
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("    listen [::]:80;\n", ""),
        ("/srv/stickers/public", str(folder)),
    )
    # Its workers run as somebody else where it is started by root, to whom a folder of tests is closed.
    user = "user root;" if hasattr(os, "getuid") and os.getuid() == 0 else ""
    temporary = "".join(
        f"{name}_temp_path {work / name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = work / "nginx.conf"
    config.write_text(
        f"{user}\ndaemon off;\nworker_processes {workers};\npid {work / 'pid'};\nerror_log {work / 'error.log'};\n"
        "events { worker_connections 2048; }\n"
        f"http {{\naccess_log off;\n{temporary}{site}}}\n"
    )
    command = ["nginx", "-p", str(work), "-e", str(work / "error.log"), "-c", str(config)]
    with _running(command, port, work) as started:
        yield started


@contextmanager
def caddy(folder: Path, work: Path, decoder: Path | None = None) -> Iterator[tuple[str, int]]:
    """URL and process id of a Caddy that serves the published tree `folder`, and perhaps the web decoder; without TLS."""
    port = free_port()
    site = recipe("caddy")
    if decoder is not None:
        more = put_in(recipe("Caddyfile"), ("/srv/haac-web", str(decoder)))
        site = put_in(site, ("\thandle @published {", f"{more}\thandle @published {{"))
    site = put_in(
        site,
        ("elements.example.org {", f":{port} {{\n\tbind 127.0.0.1"),
        ("/srv/stickers/public", str(folder)),
    )
    config = work / "Caddyfile"
    config.write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{site}")
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(config)]
    with _running(command, port, work) as started:
        yield started


@contextmanager
def _running(command: list[str], port: int, work: Path) -> Iterator[tuple[str, int]]:
    said = work / "output"
    environment = {**os.environ, "HOME": str(work), "XDG_DATA_HOME": str(work), "XDG_CONFIG_HOME": str(work)}
    with (
        said.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env=environment) as process,
    ):
        try:
            for _ in range(200):
                if process.poll() is not None:
                    break
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        yield f"http://127.0.0.1:{port}", process.pid
                        return
                time.sleep(0.05)
            raise AssertionError(f"{command[0]} did not start: {said.read_text('utf-8', 'replace')}")
        finally:
            process.terminate()


SERVERS: dict[str, Callable[..., AbstractContextManager[tuple[str, int]]]] = {"nginx": nginx, "caddy": caddy}


def missing(name: str) -> str:
    """Why a server cannot be tried here; empty if it can."""
    if shutil.which(name):
        return ""
    return f"{name} is not installed (Debian: apt-get install {name}; `sh scripts/test` does where it may)"
