"""A studio for tests: a small repository, the application in this process, and the command in one of its own."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image, ImageDraw

from haac_repo import NewElement, Repository, encode, pixel_hash
from haac_studio._document.drafts import Draft
from haac_studio._server.app import application
from haac_studio._server.security import MARK, TOKEN, Door
from haac_studio._server.server import open_port, server_of
from haac_studio._server.sessions import Opened, Studio

NAMES = (
    ("red circle", 0xD02020, ("shape", "warm")),
    ("green square", 0x20A040, ("shape",)),
    ("blue cat", 0x2040D0, ("animal",)),
    ("yellow cats", 0xE0C020, ("animal", "warm")),
    ("grey mouse", 0x808080, ("animal",)),
)


def shape(colour: int, side: int = 48) -> Image.Image:
    """A disc with a hole, on nothing."""
    image = Image.new("RGBA", (side, side))
    pen = ImageDraw.Draw(image)
    rgb = colour >> 16, colour >> 8 & 255, colour & 255
    pen.ellipse((2, 2, side - 3, side - 3), fill=(*rgb, 255))
    pen.rectangle((side // 3, side // 4, side // 2, side // 2), fill=(255, 255, 255, 255))
    return image


def new_element(image: Image.Image, **known: Any) -> NewElement:
    return NewElement(
        data=encode(image),
        width=image.width,
        height=image.height,
        pixels_sha256=pixel_hash(image),
        **known,
    )


def fill(path: Path) -> None:
    """A repository with five elements."""
    with Repository.create(path) as made, made.writer() as writer:
        for name, colour, tags in NAMES:
            writer.add(new_element(shape(colour), name=name, colour=colour, tags=tags))


@contextmanager
def studio_of(repository: Path, folder: Path, opened: Opened | None = None) -> Iterator[Studio]:
    """A studio that was started in a folder."""
    opening = Repository.open(repository)
    made = Studio(opening, folder, Draft(opening.id, str(folder)), opened or Opened())
    try:
        yield made
    finally:
        made.close()


class Browser(httpx.Client):
    """A browser that has the studio's page."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.here = f"127.0.0.1:{door.port}"
        headers = {TOKEN: door.token, MARK: "1"}
        super().__init__(base_url=f"http://{self.here}", headers=headers, timeout=60, trust_env=False)

    def raw(self, path: bytes) -> httpx.Response:
        """GET a path as it is, dots and all."""
        return self.get(httpx.URL(str(self.base_url)).copy_with(raw_path=path))


@contextmanager
def serving(studio: Studio) -> Iterator[Browser]:
    """The studio's server, in a thread, and a browser."""
    listener = open_port(0)
    door = Door(listener.getsockname()[1])
    server = server_of(application(studio, door), studio.jobs.close)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    try:
        with Browser(door) as browser:
            yield browser
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()


def scene_json(*layers: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"width": 200, "height": 150, "background": None, "layers": list(layers), **others}


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def outcome(client: httpx.Client, job: str) -> tuple[list[dict[str, Any]], str, dict[str, Any]]:
    """What a job says until it ends: its progress, the name of the last event, and its data."""
    events = []
    answer = client.get(f"/api/jobs/{job}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    for block in answer.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            events.append((lines["event"], json.loads(lines["data"])))
    name, data = events[-1]
    return [told for kind, told in events if kind == "progress"], name, data


class Command:
    """`haac studio --no-browser` in a process of its own."""

    def __init__(self, folder: Path, repository: Path, *arguments: str) -> None:
        code = "import sys; from haac._cli.main import main; main(sys.argv[1:])"
        command = [
            sys.executable,
            "-c",
            code,
            "studio",
            "--no-browser",
            "--repo",
            str(repository),
            *arguments,
        ]
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ.copy(),
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        base, _, token = self.url.partition("/?token=")
        self.client = httpx.Client(
            base_url=base or "http://nowhere", headers={TOKEN: token, MARK: "1"}, timeout=60, trust_env=False
        )

    def end(self, how: int) -> tuple[int, str]:
        """Send a signal; the exit code, and what was said on standard error."""
        self.client.close()
        self.process.send_signal(how)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said
