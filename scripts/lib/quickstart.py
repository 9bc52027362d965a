"""What `sh scripts/quickstart` runs once its environment stands. Every `$ haac ...` it shows is the real command."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import skimage
from PIL import Image, ImageDraw, ImageFont

from scripts.lib.command import HAAC

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "quickstart"
PHOTOS = ("astronaut.png", "camera.png", "coffee.png", "horse.png", "retina.jpg", "rocket.jpg")
"""Out of scikit-image's own package: CC0, or in the public domain."""
MODEL = "u2netp"
"""4.6 MB. Where it cannot be had, the embedded model serves."""
EMBEDDED = "offline"

SCENE = '''"""A scene, described: which element stands where, back to front. `haac preview scene.py` shows it at any time."""

from haac import Scene, gradient

scene = Scene(960, 640, background=gradient("#223a68", "#f4a261"))
{layers}
'''

OFFLINE = """
import sys

def forbid(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError("decoding opened a socket: " + event)

sys.addaudithook(forbid)
from haac._cli.main import main
main()
"""
"""Runs `haac` in a Python in which any use of a socket is an error."""


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "photos").mkdir(parents=True)
    os.chdir(FOLDER)
    for name in PHOTOS:
        shutil.copyfile(Path(skimage.__file__).parent / "data" / name, Path("photos", name))

    say("1. Photographs become elements: cut out, and kept under short ids")
    haac("init")
    model = MODEL if attempted("models", "--fetch", MODEL) else EMBEDDED
    if model == EMBEDDED:
        print(f"   No network: the embedded model `{EMBEDDED}` goes on, in preview quality.")
    # What `offline` takes apart (a head, a suit) better stays together.
    haac(
        "ingest", "photos", "--keep", "all", "--model", model, *(["--no-split"] if model == EMBEDDED else [])
    )
    haac("sheet", "--cell", "220", "--columns", "3", "-o", "elements.png")

    say("2. Find elements, and describe a scene with them")
    haac("search", "astronaut")
    Path("scene.py").write_text(SCENE.format(layers="\n".join(layers())), encoding="utf-8")
    command("cat", "scene.py")
    haac("preview", "scene.py", "-o", "preview.png")

    say("3. The scene becomes a recipe")
    haac("compile", "scene.py", "-o", "scene.haac")
    haac("compile", "scene.py")
    haac("explain", "scene.haac")
    haac("decompress", "scene.haac", "-o", "scene.png")

    say("4. Others get the elements: publish, serve, sync")
    haac("publish")
    root = json.loads(quiet("keys", "show", "--json"))["fingerprint"]
    with serving() as url:
        haac("sync", url, "mirror", "--root", root)

    say("5. Decode from the mirror, with every socket forbidden")
    haac("decompress", "scene.haac", "--repo", "mirror", "-o", "scene-from-mirror.png", offline=True)

    say("6. The same pixels?")
    here, there = (pixels(name) for name in ("scene.png", "scene-from-mirror.png"))
    print(f"   repository  {here}\n   mirror      {there}")
    if here != there:
        raise SystemExit("They differ. That must never be: please report it.")
    recipe, png, photos = (
        total(*names) for names in (["scene.haac"], ["scene.png"], sorted(Path("photos").iterdir()))
    )
    print(
        f"   Equal. The recipe has {recipe} bytes; the same picture as PNG has {png:,} ({png / recipe:,.0f} times as many)."
    )
    side_by_side(recipe, photos)

    if model == EMBEDDED:
        print(
            f"\nThe elements were cut out by the model `{EMBEDDED}`, which is of preview quality. With a network, this script"
        )
        print(f"fetches `{MODEL}`, which is much better; so does `haac models --fetch {MODEL}`.")
    else:
        print(f"\nThe elements were cut out by the model `{MODEL}`; `haac models` lists larger ones.")
    print(f"Pictures: {FOLDER / 'side-by-side.png'}, elements.png, scene.png")


def layers() -> Iterator[str]:
    """The calls that place the largest element of each photograph."""
    # Photograph: height, centre (x, y), and what else is to be done with it.
    # What its photograph cuts off stands at the border of the scene.
    wanted = {
        "retina": (150, (620, 120), ""),
        "rocket": (350, (455, 185), ""),
        "horse": (120, (575, 400), ""),
        "camera": (400, (780, 441), ".flip()"),
        "astronaut": (430, (220, 426), ""),
        "coffee": (130, (525, 565), ""),
    }
    for name, (height, (x, y), more) in wanted.items():
        found: list[dict[str, Any]] = json.loads(quiet("search", name, "--json"))
        if not found:
            continue  # nothing was found in it to cut out
        element = max(found, key=lambda e: e["width"] * e["height"])
        width = round(element["width"] * height / element["height"])
        yield f'scene.element("{element["id"]}").resize(height={height}){more}.place({x - width // 2}, {y - height // 2})'


def say(title: str) -> None:
    print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n{title}", flush=True)


def command(*words: str, run: list[str] | None = None) -> int:
    """Show a command as a user would type it, run it, and show what it prints; its exit code."""
    print(f"   $ {shlex.join(words)}", flush=True)
    done = subprocess.run(run or list(words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in done.stdout.splitlines():
        print(f"   {line}".rstrip())
    sys.stdout.flush()
    return done.returncode


def haac(*arguments: str, offline: bool = False) -> None:
    """A haac command, shown and run, without which the rest makes no sense."""
    run = [sys.executable, "-c", OFFLINE] if offline else [HAAC]
    if code := command("haac", *arguments, run=[*run, *arguments]):
        raise SystemExit(f"quickstart stops here: that command failed ({code}).")


def attempted(*arguments: str) -> bool:
    """A haac command, shown and run; whether it did what it should."""
    return command("haac", *arguments, run=[HAAC, *arguments]) == 0


def quiet(*arguments: str) -> str:
    """A haac command that is not shown; returns what it prints."""
    return subprocess.run([HAAC, *arguments, "--quiet"], stdout=subprocess.PIPE, text=True, check=True).stdout


@contextmanager
def serving() -> Iterator[str]:
    """`haac serve` in the background, on a free port of this machine only; yields its URL."""
    print("   $ haac serve &", flush=True)
    # PYTHONUNBUFFERED, since the URL is to be read while the server goes on.
    process = subprocess.Popen(
        [HAAC, "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        print(f"   {line}", flush=True)
        yield line.rpartition(" ")[2]
    finally:
        process.terminate()
        process.wait()


def pixels(name: str) -> str:
    """SHA-256 of a picture's pixels."""
    from haac_repo import pixel_hash

    with Image.open(name) as image:
        return pixel_hash(image.convert("RGBA"))


def total(*names: str | Path) -> int:
    return sum(Path(name).stat().st_size for name in names)


def side_by_side(recipe: int, photos: int) -> None:
    """One picture of everything: photographs, elements, and the scene made of them."""
    height, gap, top = 480, 24, 56
    tile = (height - gap // 2) // 2
    across = (len(PHOTOS) + 1) // 2
    packs = total(*Path("mirror", "public", "packs").iterdir())
    columns: list[tuple[str, Image.Image]] = []
    board = Image.new("RGB", (across * (tile + gap // 2) - gap // 2, height), "white")
    for n, name in enumerate(PHOTOS):
        with Image.open(Path("photos", name)) as image:
            side = min(image.size)
            left, upper = (image.width - side) // 2, (image.height - side) // 2
            square = image.convert("RGB").crop((left, upper, left + side, upper + side)).resize((tile, tile))
        board.paste(square, (n % across * (tile + gap // 2), n // across * (tile + gap // 2)))
    columns.append((f"photographs: {photos:,} bytes", board))
    for caption, name in (
        (f"elements, sent once: {packs:,} bytes", "elements.png"),
        (f"a recipe of {recipe} bytes", "scene.png"),
    ):
        with Image.open(name) as image:
            picture = image.convert("RGB")
        columns.append((caption, fitted(picture, 720, height)))

    page = Image.new("RGB", (sum(c.width for _, c in columns) + gap * 4, height + top + gap), "white")
    draw = ImageDraw.Draw(page)
    x = gap
    for caption, column in columns:
        draw.text((x, 16), caption, "#1f2733", ImageFont.load_default(24))
        page.paste(column, (x, top + (height - column.height) // 2))
        x += column.width + gap
    page.save("side-by-side.png")


def fitted(image: Image.Image, width: int, height: int) -> Image.Image:
    """The whole picture, as large as the box allows."""
    factor = min(width / image.width, height / image.height)
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
