"""How quickly the studio answers: its first thumbnails, searching as one types, scrolling, and dragging a layer.

    python -m scripts.benchmark.web.studio

A repository of 3,583 drawn elements, the real `haac studio`, and headless Chromium on the same machine. All times but the server's are
taken in the page, by its own clock.

    opening     from asking for the page to the moment when all thumbnails that are seen are decoded; a fresh browser profile each time,
                the first one with a server that has made no thumbnail yet
    search      from the request to the grid that shows the answer; `typed`: from the key, which includes the pause that waits for more
    scrolling   to random places of the catalog: until all thumbnails there are decoded; and how many nodes the grid has
    drag        a layer of twelve on 1024x768 is dragged by real mouse events: frames that the canvas showed
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from haac_repo import Repository
from scripts.benchmark.record import write
from scripts.lib.elements import drawing, new_element

ELEMENTS = 3583
COLOURS = ("red", "green", "blue", "yellow", "orange", "violet", "brown", "grey")
NOUNS = ("star", "house", "tree", "boat", "cloud", "kite", "lamp", "drum", "goat", "fern", "harp", "jug")
WORDS = ("star", "red house", "tree", "boat", "blue cloud", "kite", "lamp", "green", "goat", "fern")
LAYERS = 12
CANVAS = (1024, 768)
DRAG_SECONDS = 6.0

_SEEN = """async () => {
  const all = () => {
    const box = document.querySelector(".element-grid")?.getBoundingClientRect();
    const seen = [...document.querySelectorAll(".element-grid .cell:not(.empty)")].filter((cell) => {
      const own = cell.getBoundingClientRect();
      return own.bottom > box.top && own.top < box.bottom && own.height > 0;
    });
    return seen.length > 5 && seen.every((cell) => {
      const picture = cell.querySelector("img");
      return picture.complete && picture.naturalWidth > 0 && !picture.hidden;
    });
  };
  while (!all()) await new Promise(requestAnimationFrame);
  return performance.now();
}"""

_TYPE = """async (words) => {
  const search = document.querySelector("#element-search");
  const times = [];
  for (const word of words) {
    for (let n = 1; n <= word.length; n += 1) {
      performance.clearMeasures("haac search");
      const began = performance.now();
      search.value = word.slice(0, n);
      search.dispatchEvent(new Event("input", { bubbles: true }));
      while (!performance.getEntriesByName("haac search").length) await new Promise((done) => setTimeout(done));
      await new Promise(requestAnimationFrame);
      const [answer] = performance.getEntriesByName("haac search");
      times.push({ answer: answer.duration, typed: performance.now() - began });
    }
  }
  performance.clearMeasures("haac search");
  search.value = "";
  search.dispatchEvent(new Event("input", { bubbles: true }));
  while (!performance.getEntriesByName("haac search").length) await new Promise((done) => setTimeout(done));
  return times;
}"""

_SCENE = """async (layers) => {
  const { document: doc, api, stage } = haacStudio;
  const { total } = await api.elements({ limit: 1 });
  const random = (n) => ((n * 2654435761) >>> 0) / 2 ** 32;
  const keys = [];
  for (let n = 0; n < layers; n += 1) {
    const { elements: [info] } = await api.elements({ offset: Math.floor(random(n + 1) * total), limit: 1 });
    const place = { x: 150 + random(n + 50) * 720, y: 120 + random(n + 90) * 520 };
    const key = stage.add(info, place);
    const rotation = n % 2 ? Math.round(random(n + 7) * 1439) : 0;
    doc.change("Size", [key], (layer) => ({ width: 260, height: null, scale: null, rotation,
      opacity: n % 4 === 3 ? 80 : 100, x: Math.round(place.x - 130), y: Math.round(place.y - 130) }));
    keys.push(key);
  }
  doc.select([keys.at(-1)]);
  return doc.scene.layers.length;
}"""

_COUNT = """() => {
  globalThis.frames_ = [];
  haacStudio.stage.addEventListener("painted", () => globalThis.frames_.push(performance.now()));
}"""

_CENTRE = """() => {
  const { stage, document: doc } = haacStudio;
  // One that is grabbed at its middle: some have a hole there, some are covered.
  const layer = doc.scene.layers.toReversed().find(({ key }) => {
    const { cx, cy } = stage.frameOf(key);
    return stage.hit([cx, cy])?.key === key;
  });
  doc.select([layer.key]);
  const { cx, cy } = stage.frameOf(layer.key);
  const [x, y] = stage.view.toScreen([cx, cy]);
  const box = stage.element.getBoundingClientRect();
  return [x + box.left, y + box.top];
}"""


def build(path: Path) -> None:
    """A repository of drawn elements with names of two words."""
    whole = path.with_name("building")
    shutil.rmtree(whole, ignore_errors=True)  # of a run that was broken off
    with Repository.create(whole) as repository, repository.writer() as writer:
        stored = seed = 0
        while stored < ELEMENTS:
            colour, noun = COLOURS[seed // len(NOUNS) % len(COLOURS)], NOUNS[seed % len(NOUNS)]
            _, new = writer.add(new_element(drawing(seed), f"{colour} {noun}", (noun, "drawn")))
            stored, seed = stored + new, seed + 1
    whole.rename(path)


@contextmanager
def studio(repository: Path, folder: Path) -> Iterator[tuple[str, float]]:
    """The studio's address, and seconds from starting the command until it said it."""
    command = [sys.executable, "-c", "from haac._cli.main import main; main()", "studio"]
    began = time.perf_counter()
    with subprocess.Popen(
        [*command, "--repo", str(repository), "--no-browser"],
        cwd=folder,
        env={**os.environ, "XDG_STATE_HOME": str(folder / "state")},  # no draft of another time
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), time.perf_counter() - began
        finally:
            process.terminate()


def opened(browser: Browser, url: str) -> tuple[BrowserContext, Page, float]:
    """A fresh profile with the studio open, and seconds until its thumbnails were there."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(url, wait_until="commit")
    shown = page.evaluate(_SEEN)
    return context, page, float(shown) / 1000


def scrolled(page: Page, times: int) -> dict[str, Any]:
    """Scrolling to places all over the catalog."""
    seconds, nodes = [], []
    for n in range(times):
        part = (n * 0.618034) % 1
        began = page.evaluate(
            """(part) => {
              const grid = document.querySelector(".element-grid");
              grid.scrollTop = part * (grid.scrollHeight - grid.clientHeight);
              return performance.now();
            }""",
            part,
        )
        page.wait_for_timeout(20)  # the grid draws with the next frame
        seconds.append((float(page.evaluate(_SEEN)) - float(began)) / 1000)
        nodes.append(page.evaluate("document.querySelectorAll('.element-grid *').length"))
    return {"seconds": quantiles(seconds), "nodes_least": min(nodes), "nodes_most": max(nodes)}


def dragged(page: Page) -> dict[str, Any]:
    """Frames of the canvas while a layer is dragged."""
    assert page.evaluate(_SCENE, LAYERS) == LAYERS
    while not page.evaluate("haacStudio.stage.picture.settled"):
        page.wait_for_timeout(50)
    x, y = page.evaluate(_CENTRE)
    page.evaluate(_COUNT)
    page.mouse.move(x, y)
    page.mouse.down()
    began, moves = time.perf_counter(), 0
    while time.perf_counter() - began < DRAG_SECONDS:
        moves += 1
        page.mouse.move(x + 90 * ((moves % 40) / 20 - 1), y + 60 * ((moves % 26) / 13 - 1))
    page.mouse.up()
    times = [float(each) for each in page.evaluate("globalThis.frames_")]
    gaps = [(b - a) / 1000 for a, b in itertools.pairwise(times)]
    return {
        "layers": LAYERS,
        "canvas": list(CANVAS),
        "mouse_events": moves,
        "frames": len(times),
        "frames_per_second_median": round(1 / statistics.median(gaps), 1),
        "frames_per_second_tenth": round(1 / statistics.quantiles(gaps, n=10)[-1], 1),
    }


def quantiles(values: list[float]) -> dict[str, float]:
    """Median, nine tenths and worst, in seconds or milliseconds as given."""
    tenth = statistics.quantiles(values, n=10)[-1] if len(values) > 9 else max(values)
    return {
        "median": round(statistics.median(values), 4),
        "nine_tenths": round(tenth, 4),
        "most": round(max(values), 4),
    }


def measured(work: Path, rounds: int) -> dict[str, Any]:
    """All figures."""
    repository = work / "haac-repo"
    if not repository.exists():
        build(repository)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("the benchmark needs Chromium: apt-get install chromium")
    folder = Path(tempfile.mkdtemp(dir=work))
    with studio(repository, folder) as (url, started), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        opening = []
        for _ in range(rounds):
            context, page, seconds = opened(browser, url)
            opening.append(seconds)
            print(f"opened in {seconds:.2f} s", file=sys.stderr)
            context.close()
        context, page, _ = opened(browser, url)
        page.evaluate(_TYPE, ["warm"])
        typed = page.evaluate(_TYPE, list(WORDS))
        page.wait_for_timeout(500)
        found = {
            "elements": ELEMENTS,
            "load_average": [round(each, 1) for each in os.getloadavg()],  # of what else the machine does
            "browser": browser.version,
            "server_seconds": round(started, 3),
            "opening_seconds": {"first": round(opening[0], 3), **quantiles(opening[1:])},
            "search_ms": {
                "queries": len(typed),
                "answer": quantiles([each["answer"] for each in typed]),
                "typed": quantiles([each["typed"] for each in typed]),
            },
            "scrolling": scrolled(page, 20),
            "drag": dragged(page),
        }
        context.close()
        browser.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", default="studio")
    parser.add_argument("--rounds", type=int, default=6, help="how often the page is opened")
    parser.add_argument("--work", type=Path, help="folder that keeps the repository for the next time")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = given.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        figures = measured(work, given.rounds)
    print(write(given.json, figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
