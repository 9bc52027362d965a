"""What a person needs to see why something of one picture went wrong."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
from PIL import Image

from haac import ElementCache, Layer, Scene, render, to_binary, to_script
from haac_match import Compressed
from haac_repo import format_id
from scripts.benchmark.compress.measure import (
    catalogued,
)
from scripts.benchmark.compress.score import confused, matched, same_pixels
from scripts.benchmark.scenes import (
    FOREIGN,
)


def shortly(layer: Layer) -> str:
    """What is said of a layer, without what is not."""
    said = {
        f.name: getattr(layer, f.name)
        for f in fields(layer)
        if getattr(layer, f.name) != f.default and f.name != "element"
    }
    return f"{format_id(layer.number)} ({layer.number}) " + " ".join(f"{k}={v}" for k, v in said.items())


def dump_picture(
    folder: Path,
    true: Scene,
    picture: Image.Image,
    given: Image.Image,
    input: str,
    done: Compressed,
    cache: ElementCache,
) -> None:
    """Write what a person needs to see why something went wrong; print which layers did."""
    folder.mkdir(parents=True, exist_ok=True)
    made = render(done.scene, cache).convert(given.mode)
    difference = np.abs(np.asarray(made).astype(np.int16) - np.asarray(given))
    picture.save(folder / "original.png")
    given.save(folder / "input.png")
    made.save(folder / "render.png")
    Image.fromarray((difference[:, :, :3] * 8).clip(0, 255).astype(np.uint8)).save(
        folder / "difference-x8.png"
    )
    Image.fromarray(done.unexplained).save(folder / "unexplained.png")
    (folder / "true.py").write_text(
        to_script(true) if FOREIGN not in true.elements() else repr(true), encoding="utf-8"
    )
    (folder / "found.py").write_text(to_script(done.scene), encoding="utf-8")
    (folder / "found.haac").write_bytes(to_binary(done.scene))
    scale = given.width / picture.width if input == "x0.7" else 1.0
    found = catalogued(done.scene)
    pairs = matched(true, found, scale, cache)
    wrong = confused(true, found, scale, cache)
    ours, theirs = dict(pairs), {m: n for n, m in pairs}
    size = picture.size
    lines = [f"background: {true.background} -> {done.scene.background}"]
    for n, layer in enumerate(true.layers):
        if n not in ours:
            lines.append(
                f"missed   {n}: {shortly(layer)}" + (f", taken for {wrong[n]}" if n in wrong else "")
            )
        elif scale == 1 and not same_pixels(layer, found.layers[ours[n]], size, cache):
            lines.append(f"inexact  {n}: {shortly(layer)}")
            lines.append(f"   found {ours[n]}: {shortly(found.layers[ours[n]])}")
        else:
            lines.append(f"right    {n}: {shortly(layer)}, found as {ours[n]}")
    for m, layer in enumerate(found.layers):
        if m not in theirs:
            lines.append(f"spurious {m}: {shortly(layer)}")
    (folder / "layers.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    print(
        f"{folder}: original, input, render, difference-x8, unexplained (.png); true.py, found.py, found.haac"
    )
