"""Speed of the web's renderer: whole scenes against Python's renderer, in Node and Chromium; and frames while a layer is dragged.

    python -m scripts.benchmark.web [--runs N] [--out NAME]

1024x768 with 8 layers of several kinds. Processor time of the whole process, translating and collecting garbage included, so that it
matters little whether others use the machine, too; frames are by the clock. Rounds of Python, Node and Chromium take turns.
Needs Node, and Chromium with playwright.
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
from scripts.benchmark.record import write
from scripts.benchmark.web.scenes import Source, dragged, scenes

ROOT = Path(__file__).resolve().parents[3]
MODULE = Path(__file__).with_name("times.mjs").relative_to(ROOT).as_posix()
ROUNDS = 3
FRAMES = 120

Times = dict[str, float]


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
            "pillow": partial(_python, Path(folder), given.runs),
            "node": partial(_node, Path(folder), given.runs),
            "chromium": partial(_chromium, page, given.runs),
        }
        rounds = _rounds(sides)
        drags = page.evaluate(_in_page(f"dragTimes(request, pixels, {FRAMES})"))
    result = {"renders": _renders(rounds), "drags": _drags(drags)}
    print(json.dumps(result, indent=2))
    write(given.out, result)


def _rounds(sides: dict[str, Callable[[], Times]]) -> dict[str, dict[str, list[float]]]:
    """What a run takes in each round, by side and kind of scene."""
    found: dict[str, dict[str, list[float]]] = {name: {} for name in sides}
    for _ in range(ROUNDS):
        for name, side in sides.items():
            for kind, time in side().items():
                found[name].setdefault(kind, []).append(time)
    return found


def _renders(rounds: dict[str, dict[str, list[float]]]) -> dict[str, Any]:
    """Medians of the rounds, and their ratios to Python's."""
    rows = {}
    for kind in rounds["pillow"]:
        row = {f"{name}_ms": round(median(times[kind]), 1) for name, times in rounds.items()}
        for name in ("node", "chromium"):
            row[f"{name}_ratio"] = round(row[f"{name}_ms"] / row["pillow_ms"], 2)
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


def _python(folder: Path, runs: int) -> Times:
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [
        sys.executable,
        "-m",
        "scripts.benchmark.web.pillow_times",
        str(folder / "request.json"),
        str(runs),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | single, cwd=ROOT
    )
    times: Times = json.loads(done.stdout)
    return times


def _node(folder: Path, runs: int) -> Times:
    script = f"""
import {{ readFileSync }} from "node:fs";
import {{ rendering }} from "{(ROOT / MODULE).as_uri()}";
const request = JSON.parse(readFileSync("request.json", "utf-8"));
const pixels = new Uint8Array(readFileSync("pixels.bin"));
const times = {{}};
for (const [kind, run] of Object.entries(rendering(request, pixels))) {{
  const began = process.cpuUsage();
  run({runs});
  const {{ user, system }} = process.cpuUsage(began);
  times[kind] = (user + system) / 1000 / {runs};
}}
process.stdout.write(JSON.stringify(times));
"""
    command = [shutil.which("node") or "node", "--input-type=module", "--eval", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    times: Times = json.loads(done.stdout)
    return times


def _in_page(call: str) -> str:
    return f"""async () => {{
const {{ rendering, dragTimes }} = await import("/{MODULE}");
const request = await (await fetch("/files/request.json")).json();
const pixels = new Uint8Array(await (await fetch("/files/pixels.bin")).arrayBuffer());
return await {call};
}}"""


def _chromium(page: Any, runs: int) -> Times:
    kinds = page.evaluate(_in_page("Object.keys((globalThis.renderingOf = rendering(request, pixels)))"))
    session = page.context.browser.new_browser_cdp_session()

    def used() -> float:
        processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
        return float(sum(process["cpuTime"] for process in processes if process["type"] == "renderer"))

    times = {}
    for kind in kinds:
        began = used()
        page.evaluate("([kind, runs]) => renderingOf[kind](runs)", [kind, runs])
        times[kind] = 1000 * (used() - began) / runs
    return times


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
