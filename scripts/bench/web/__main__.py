"""Speed of the web's renderer: whole scenes against Python's renderer, in Node and Chromium; and frames while a layer is dragged.

    python -m scripts.bench.web [--runs N] [--out NAME]

1024x768 with 8 layers of several kinds; one thread everywhere. Rounds of Python, Node and Chromium take turns, so that a machine
that others use, too, is as busy for one as for the others. Needs Node, and Chromium with playwright.
"""

from __future__ import annotations

import argparse
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from haac import to_text
from scripts.bench.record import write
from scripts.bench.web.scenes import Source, dragged, scenes

ROOT = Path(__file__).resolve().parents[3]
MODULE = Path(__file__).with_name("times.mjs").relative_to(ROOT).as_posix()
ROUNDS = 3
FRAMES = 120

Times = dict[str, list[float]]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=7, help="of each scene and round")
    parser.add_argument("--out", default="web")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _page(Path(folder)) as page:
        _write_request(Path(folder))
        sides: dict[str, Callable[[], Times]] = {
            "pillow": partial(_python, given.runs),
            "node": partial(_node, Path(folder), given.runs),
            "chromium": lambda: page.evaluate(_in_page(f"renderTimes(request, pixels, {given.runs})")),
        }
        rounds = _rounds(sides)
        drags = page.evaluate(_in_page(f"dragTimes(request, pixels, {FRAMES})"))
    result = {"renders": _renders(rounds), "drags": _drags(drags)}
    print(json.dumps(result, indent=2))
    write(given.out, result)


def _rounds(sides: dict[str, Callable[[], Times]]) -> dict[str, Times]:
    """All times of each side, by kind of scene."""
    found: dict[str, Times] = {name: {} for name in sides}
    for _ in range(ROUNDS):
        for name, side in sides.items():
            for kind, times in side().items():
                found[name].setdefault(kind, []).extend(times)
    return found


def _renders(rounds: dict[str, Times]) -> dict[str, Any]:
    """Medians and least times, and their ratios to Python's."""
    rows = {}
    for kind in rounds["pillow"]:
        row: dict[str, Any] = {}
        for name, times in rounds.items():
            row[name] = {"median_ms": round(median(times[kind]), 1), "least_ms": round(min(times[kind]), 1)}
        for name in ("node", "chromium"):
            row[name]["median_ratio"] = round(row[name]["median_ms"] / row["pillow"]["median_ms"], 2)
            row[name]["least_ratio"] = round(row[name]["least_ms"] / row["pillow"]["least_ms"], 2)
        rows[kind] = row
    return rows


def _drags(drags: dict[str, dict[str, list[float]]]) -> dict[str, Any]:
    """Of each layer: what a frame takes, and how many of them the browser showed in a second (at most 60)."""
    rows = {}
    for kind, times in drags.items():
        work = sorted(times["work"])
        rows[kind] = {
            "median_ms": round(median(work), 1),
            "slow_ms": round(work[len(work) * 95 // 100], 1),
            "first_ms": round(times["work"][0], 1),
            "frames_per_second": round(1000 / median(work), 1),
            "shown_per_second": round(1000 / median(times["shown"]), 1),
        }
    return rows


def _write_request(folder: Path) -> None:
    images = Source().images
    scene, layers = dragged()
    request = {
        "elements": {number: image.size for number, image in images.items()},
        "recipes": {kind: to_text(scene) for kind, scene in scenes().items()},
        "drag": {"text": to_text(scene), "layers": layers},
    }
    (folder / "request.json").write_text(json.dumps(request), "utf-8")
    (folder / "pixels.bin").write_bytes(b"".join(image.tobytes() for image in images.values()))


def _python(runs: int) -> Times:
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "scripts.bench.web.pillow_times", str(runs)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | single, cwd=ROOT
    )
    times: Times = json.loads(done.stdout)
    return times


def _node(folder: Path, runs: int) -> Times:
    script = f"""
import {{ readFileSync }} from "node:fs";
import {{ renderTimes }} from "{(ROOT / MODULE).as_uri()}";
const request = JSON.parse(readFileSync("request.json", "utf-8"));
const pixels = new Uint8Array(readFileSync("pixels.bin"));
process.stdout.write(JSON.stringify(renderTimes(request, pixels, {runs})));
"""
    command = [shutil.which("node") or "node", "--input-type=module", "--eval", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    times: Times = json.loads(done.stdout)
    return times


def _in_page(call: str) -> str:
    return f"""async () => {{
const {{ renderTimes, dragTimes }} = await import("/{MODULE}");
const request = await (await fetch("/files/request.json")).json();
const pixels = new Uint8Array(await (await fetch("/files/pixels.bin")).arrayBuffer());
return await {call};
}}"""


class _Files(http.server.SimpleHTTPRequestHandler):
    """The checkout, and beneath /files/ what is measured."""

    def __init__(self, *arguments: Any, files: Path) -> None:
        self._files = files
        self.extensions_map = {
            **http.server.SimpleHTTPRequestHandler.extensions_map,
            ".mjs": "text/javascript",
        }
        super().__init__(*arguments, directory=str(ROOT))

    def translate_path(self, path: str) -> str:
        if path.startswith("/files/"):
            return str(self._files / path.removeprefix("/files/"))
        return super().translate_path(path)

    def do_GET(self) -> None:
        if self.path != "/":
            return super().do_GET()
        body = b"<!doctype html><title>haac</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@contextmanager
def _page(folder: Path) -> Iterator[Any]:
    """A page in headless Chromium, at a server on loopback."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, files=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            yield page
            browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
