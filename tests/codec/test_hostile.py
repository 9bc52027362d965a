"""Recipes from strangers: 100,000 mutated and random ones, each gives a scene or a HaacError, soon and within the limits."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from haac import LIMITS, from_text, read_recipe, render, to_binary, to_text
from haac._vectors import DrawnElements, load_vectors
from haac_repo import HaacError
from tests.codec.web.engines import CONFORMANCE, EVERY, run

SHARDS = 4
CASES = 100_000 // SHARDS


def mutated(rng: random.Random, data: bytes) -> bytes:
    """A few random edits: flip, insert, delete, repeat, cut, swap."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(6):
            case 0 if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                changed.insert(at, rng.choice(data) if rng.random() < 0.5 else rng.randrange(256))
            case 2:
                del changed[at : at + rng.randint(1, 4)]
            case 3:
                changed[at:at] = changed[at : at + rng.randint(1, 30)]
            case 4:
                del changed[at:]
            case 5:
                other = rng.randrange(len(changed) + 1)
                changed[at : at + 3], changed[other : other + 3] = (
                    changed[other : other + 3],
                    changed[at : at + 3],
                )
    return bytes(changed)


def hostile(seed: int, count: int) -> list[bytes]:
    rng = random.Random(seed)
    vectors = load_vectors()
    seeds = [v.binary for v in vectors] + [v.text.encode() for v in vectors]
    cases = []
    for n in range(count):
        match n % 8:
            case 0:
                first = rng.choice([0xA1, 0xA5, 0xA9, 0xAD, 0xB1, 0xB5, 0xB9, 0xBD])
                cases.append(bytes([first]) + rng.randbytes(rng.randrange(200)))
            case 1:
                cases.append(rng.randbytes(rng.randrange(200)))
            case 2:
                alphabet = "0123456789abcdefzx:;.,-~=!pcwhrsfgeoluk "
                cases.append(("haac1:40x40:" + "".join(rng.choices(alphabet, k=rng.randrange(60)))).encode())
            case _:
                cases.append(mutated(rng, rng.choice(seeds)))
    return cases


@pytest.mark.parametrize("shard", range(SHARDS))
def test_any_bytes_give_a_scene_or_a_haac_error(
    shard: int, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """And the web decoder reads the same scene, or refuses the same input with a message, without hanging."""
    inputs = hostile(shard, CASES)
    texts = []
    messages = set()
    for data in inputs:
        try:
            scene = read_recipe(data)
        except HaacError as error:
            texts.append("")
            messages.add(str(error))
        else:
            scene.check()
            texts.append(to_text(scene))
            assert read_recipe(to_binary(scene)) == scene == from_text(texts[-1])
    assert all(0 < len(message) < 500 for message in messages)
    read = sum(map(bool, texts))
    assert CASES // 50 < read < CASES - CASES // 50, (
        "the cases are too hostile to show anything, or not enough"
    )

    hashes = list(map(_fnv, texts))
    for engine, every in EVERY.items():
        cases = {"hostile": [base64.b64encode(data).decode() for data in inputs[::every]]}
        (tmp_path / "cases.json").write_text(json.dumps(cases), "utf-8")
        with subtests.test(engine=engine):
            found = run(engine, CONFORMANCE, tmp_path)
            verdicts = zip(hashes[::every], found["verdicts"], strict=True)
            others = [every * n for n, (mine, its) in enumerate(verdicts) if mine != its]
            assert others[:20] == [], "inputs that are read otherwise"
            assert found["wrong"] == [], "no errors of haac, or without a message"
            assert found["slow"] == [], "inputs that hang"


def _fnv(text: str) -> int:
    """See conformance.mjs."""
    found = 0x811C9DC5
    for byte in text.encode():
        found = (found ^ byte) * 0x01000193 & 0xFFFFFFFF
    return found


def test_rendering_what_could_be_read_stays_within_the_limits() -> None:
    """Scenes that the mutations left readable render, or say why not; no other exception, no memory beyond the limits."""
    elements = DrawnElements()
    rendered = 0
    for data in hostile(99, 4000):
        try:
            scene = read_recipe(data)
            if scene.width * scene.height > 10**6 or any(
                (layer.width or 0) * (layer.height or 1) > 10**6 for layer in scene.layers
            ):
                continue  # allowed, and only slow
            assert render(scene, elements).size == (scene.width, scene.height)
            rendered += 1
        except HaacError:
            continue
    assert rendered > 100


TOO_LARGE = [
    "haac1:3fffx3fff",
    "haac1:10x10;1.w3fff.h3fff",
    "haac1:10x10;2.w3fff",
    "haac1:10x10;3.w3fff.h1;3.w1.h3fff;4.w3fff",
    "haac1:1000x1000" + ";4.w1000.h1000.r1f.b8" * 40,
]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_too_large_pictures_are_refused_before_anything_is_allocated() -> None:
    """In a process of its own, whose peak memory tells."""
    script = f"""
import re
from pathlib import Path
from haac import from_text, render
from haac_repo import HaacError
from haac._vectors import DrawnElements
for text in {TOO_LARGE!r}:
    try:
        render(from_text(text), DrawnElements())
    except HaacError as error:
        assert "allowed" in str(error), error
    else:
        raise SystemExit(f"{{text}} was rendered")
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) < 150 * 1024, "more than 150 MiB at the peak"


def test_a_number_of_the_largest_size_is_soon_refused_or_read() -> None:
    data = bytes([0xA1]) + b"\xff" * (LIMITS.recipe_bytes - 1)
    with pytest.raises(HaacError):
        read_recipe(data)


def test_a_crop_outside_its_element_is_refused() -> None:
    with pytest.raises(HaacError, match="96x96"):
        render(from_text("haac1:10x10;1.c0,0,200,200"), DrawnElements())
