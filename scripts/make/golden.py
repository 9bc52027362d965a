"""Write the golden vectors anew: tests/vectors/golden.json, with PNGs of the elements and renders beside it for human eyes.

    python -m scripts.make.golden [--write] [--binary] [--new]

Only after a wanted change of the format or the renderer, which then also need a new version. Without an option: only compare. With
--binary, texts and pixels stay: where nothing but the binary form changed, they are not to change (a wash that fits a budget would).
With --new, all that are there stay, and those that are not yet are drawn.
"""

import argparse
import json
import random
import struct
from pathlib import Path

from haac import Scene, Wash, encode_inline, encode_wash, from_text, render, to_binary, to_text
from haac._internal import DrawnElements, band_shapes, check_vectors, grid, inline_digits, load_vectors
from haac_repo import format_id, pixel_hash

FOLDER = Path(__file__).parents[2] / "tests" / "vectors"

WRITTEN = {
    "empty": "haac1:1x1",
    "empty-common-canvas": "haac1:200x200",
    "white": "haac1:10x10:cffffff",
    "black": "haac1:10x10:c000000",
    "colour": "haac1:11x7:c87ceeb",
    "colour-with-alpha": "haac1:11x7:c87ceeb80",
    "gradient-down": "haac1:40x30:g87ceeb,ffffff,438",
    "gradient-oblique-alpha": "haac1:40x30:gff000000,0000ffff,7b",
    "plate": "haac1:80x60:e4",
    "fingerprint": "haac1:40x30~7f2c;1",
    "own-size": "haac1:80x60;1",
    "off-canvas-left-top": "haac1:80x60;1.p-28,-1e",
    "off-canvas-right-bottom": "haac1:80x60;1.p3c,2d",
    "never-seen": "haac1:80x60;1.p-3e8,7d0",
    "crop": "haac1:80x60;2.ca,5,46,32.p5,5",
    "flip-h": "haac1:a0x80;4.fh.w96.p5,5",
    "flip-v": "haac1:a0x80;4.fv.w96.p5,5",
    "flip-hv": "haac1:a0x80;4.fhv.w96.p5,5",
    "width": "haac1:a0x80;4.w47",
    "height": "haac1:a0x80;4.h47",
    "width-and-height": "haac1:a0x80;4.w80.h1b",
    "scale": "haac1:a0x80;3.s6a4",
    "enlarged-dot": "haac1:40x40;5.w20.h20.p8,8",
    "quarter-turn": "haac1:a0x80;4.w65.r168.pa,a",
    "half-turn": "haac1:a0x80;4.w65.r2d0.pa,a",
    "three-quarter-turn": "haac1:a0x80;4.w64.r438.pa,a",
    "turned": "haac1:a0x80;2.r7b.pa,14",
    "turned-a-little": "haac1:a0x80;2.r1.pa,14",
    "brightness": "haac1:60x60;2.l96",
    "contrast": "haac1:60x60;2.k28",
    "saturation": "haac1:60x60;2.u0",
    "all-adjustments": "haac1:60x60:c808080;1.l78.kc8.u15e",
    "blur": "haac1:80x80:cffffff;1.b6.p14,14",
    "blur-wide": "haac1:80x80;2.b78.p14,14",
    "blur-cut": "haac1:80x80;2.b28.p-32,3c",
    "turned-off-the-canvas-and-blurred": "haac1:8x8;4.w2.h40.r166.b4",
    "opacity": "haac1:80x80:c203040;1.o32.p5,5",
    "invisible": "haac1:80x80:c203040;1.o0.p5,5",
    "again": "haac1:80x80:e4;1.w20;4.w20.p20,0;1.w20.p40,0",
    "everything": "haac1:100x100~0001:gffffff,87ceeb,0;2.c5,5,64,46.fh.l6e.k5a.ub4.w78.h5a.r1f.b5.o5a.p-a,c8;1.p64,64",
}


INLINES = {
    "inline": ";!1",
    "inline-resized": ":cffffff;!1.w64.r1f.b5.p5,5",
    "inline-twice": ":e4;!1.w20;3;!1.fh.p20,8",
    "inline-adjusted": ":c203040;!1.c5,5,32,28.l6e.k5a.ub4.o50.p1e,14",
}
"""What follows the canvas, in which one of the elements below is brought along."""
CARRIED = {"alpha": (1, 40), "stripes": (3, 100), "hills": (4, 15), "noise": (2, 0), "dot": (5, 70)}
"""Element and quality."""

WASHES = {
    "1x1": (4, 1, 1, 20),
    "1xn": (4, 1, 57, 40),
    "nx1": (4, 64, 1, 40),
    "odd": (4, 77, 53, 25),
    "hills": (4, 200, 150, 100),
    "tall": (4, 31, 230, 150),
    "noise": (2, 120, 80, 400),
    "large": (4, 300, 225, 700),
    "alpha": (1, 96, 96, 150),
    "alpha-stripes": (3, 65, 47, 250),
    "alpha-tiny": (5, 3, 2, 25),
}
"""Element, size, and budget in bytes of washes."""


LIKE = {
    "like-plate": "haac1:like:fax177:e4",
    "like-on-plate": "haac1:like:c0x80~7f2c:e4;1.fh.l78.k5f.u7d.w50.h40.r20.p-14,28;3.fh.l5a.u96.w20.h28.r580.p60,8",
    "like-off-the-grid": "haac1:like:12cx61:g87ceeb,ffffff,438;2.l5d.k67.w61.r1.p-1f,2c;3.k41.s5dc.r2d0.b5.o5a.p7d,-8",
    "like-beyond": "haac1:like:40x40:c203040;4.c5,5,64,46.fv.l0.u190.w80.r2d1.p3e,3c;4.h10.p-64,4;2.fhv.p20,20",
}
"""Paraphrases, which have tables of their own."""

SINGLE_PRECISION = {f"blur-{blur}": f"haac1:78x50;4.b{blur:x}" for blur in (1, 4, 115, 217, 227, 487)}
"""The blurs that show whether floats keep their precision (see `haac._vectors`); found by rendering all with Pillow built for the x87."""


def scenes() -> dict[str, str]:
    """The vectors' text forms: the written ones, and some drawn at random."""
    texts = dict(WRITTEN)
    rng = random.Random(2019)
    for n in range(40):
        scene = Scene(rng.randint(20, 200), rng.randint(20, 200))
        for _ in range(rng.randint(1, 6)):
            placed = scene.element(format_id(rng.randint(1, 4))).place(
                rng.randint(-60, 150), rng.randint(-60, 150)
            )
            placed.resize(rng.randint(1, 180), rng.choice([None, rng.randint(1, 180)]))
            if rng.random() < 0.7:
                placed.rotate(rng.randrange(1440) / 4)
            if rng.random() < 0.4:
                placed.blur(rng.randrange(40) / 4)
            if rng.random() < 0.3:
                placed.opacity(rng.randrange(100) / 100)
            if rng.random() < 0.3:
                placed.flip(rng.choice(["h", "v", "hv"]))
            if rng.random() < 0.3:
                placed.brightness(rng.randrange(200) / 100).saturation(rng.randrange(200) / 100)
        texts[f"lot-{n:02}"] = to_text(scene)
    for name, (element, width, height, budget) in WASHES.items():
        picture = DrawnElements().image(element).resize((width, height))
        texts[f"wash-{name}"] = to_text(Scene(width, height, background=encode_wash(picture, budget=budget)))
    texts["wash-under-layers"] = texts["wash-hills"] + ";1.w20.p5,5;3.r1f.b5.p60,30"
    for n in range(6):
        texts[f"wash-lot-{n}"] = to_text(random_wash(rng))
    for carried, (number, quality) in CARRIED.items():
        digits = inline_digits(encode_inline(DrawnElements().image(number), quality))
        for name, rest in INLINES.items():
            # A crop needs something to cut.
            if carried != "dot" or ".c" not in rest:
                background, layers = rest.split(";", 1)
                texts[f"{name}-{carried}"] = f"haac1:60x50{background};={digits};{layers}"
    both = texts["inline-hills"].split(";")[1] + ";" + texts["inline-alpha"].split(";")[1]
    texts["inline-two-on-wash"] = (
        texts["wash-hills"] + f";{both};!1.w30;2.w14.p5a,5;!2.w30.p40,20;!1.w10.p2,2"
    )
    texts |= LIKE
    for name in ("wash-under-layers", "inline-two-on-wash"):
        texts[f"like-{name}"] = texts[name].replace("haac1:", "haac1:like:")
    return texts


def random_wash(rng: random.Random) -> Scene:
    """A wash of noise, with some large coefficients."""
    width, height, levels = rng.randint(1, 150), rng.randint(1, 150), rng.randint(0, 2)
    across, down = grid(width, height, levels)
    shapes = band_shapes(across, down)
    channels = []
    for _ in range(rng.choice([3, 4])):
        size = sum(rows * columns for rows, columns in shapes[: rng.randint(1, len(shapes))])
        values = [int(rng.gauss(0, 1) * 4 ** rng.gauss(0, 1)) for _ in range(size)]
        if values:
            values[-1] = rng.choice([-1, 1, 20, -300, 4095])
        channels.append(struct.pack(f"<{size}h", *values))
    return Scene(width, height, background=Wash(across, down, rng.randrange(64), tuple(channels)))


def main() -> None:
    """Compare, or write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write the vectors and their pictures")
    parser.add_argument("--binary", action="store_true", help="write the binary forms of the texts there are")
    parser.add_argument("--new", action="store_true", help="write those that are not there yet")
    given = parser.parse_args()
    if given.new:
        lists, elements = read(), DrawnElements()
        names = {row["name"] for row in lists["vectors"]}
        missing = {name: text for name, text in scenes().items() if name not in names}
        lists["vectors"] += [drawn(name, text, elements) for name, text in missing.items()]
        write(lists)
        return
    if given.binary:
        write(
            {
                kind: [row | {"binary": to_binary(from_text(row["text"])).hex()} for row in rows]
                for kind, rows in read().items()
            }
        )
        return
    if not given.write:
        wrong = check_vectors(load_vectors())
        for name, what in wrong.items():
            print(f"{name}: {what}")
        raise SystemExit(1 if wrong else 0)
    elements = DrawnElements()
    for kind in ("elements", "renders"):
        (FOLDER / kind).mkdir(parents=True, exist_ok=True)
    for n in range(1, 6):
        elements.image(n).save(FOLDER / "elements" / f"{format_id(n)}.png")
    write(
        {
            "vectors": [drawn(name, text, elements) for name, text in scenes().items()],
            "single_precision": [drawn(name, text, elements) for name, text in SINGLE_PRECISION.items()],
        }
    )


def drawn(name: str, text: str, elements: DrawnElements) -> dict[str, str]:
    """One vector; its picture is written."""
    scene = from_text(text)
    picture = render(scene, elements)
    picture.save(FOLDER / "renders" / f"{name}.png")
    return {
        "name": name,
        "text": to_text(scene),
        "binary": to_binary(scene).hex(),
        "pixels": pixel_hash(picture),
    }


Lists = dict[str, list[dict[str, str]]]


def read() -> Lists:
    """The vectors that there are."""
    found: Lists = json.loads((FOLDER / "golden.json").read_text("utf-8"))
    return found


def write(lists: Lists) -> None:
    """Write the vectors."""
    (FOLDER / "golden.json").write_text(json.dumps(lists, indent=1) + "\n", "utf-8")
    print(f"{sum(map(len, lists.values()))} vectors written")


if __name__ == "__main__":
    main()
