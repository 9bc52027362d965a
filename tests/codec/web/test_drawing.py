"""The renderer of the web draws the same pixels as Python's, bit for bit, and refuses the same scenes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from haac import Scene, decode_blur, encode_blur, from_text, render
from haac._drawing.work import check_work, layer_work
from haac._vectors import DrawnElements, load_vectors
from haac._wash.synthesis import cosines, wash_picture
from haac_repo import HaacError, pixel_hash
from tests.codec.test_hostile import TOO_LARGE
from tests.codec.web.drawing_scenes import (
    Case,
    Pictures,
    ask,
    ask_sizes,
    hostile_scene,
    hostile_sizes,
    hostile_wash,
    plain,
    plain_wash,
    random_pictures,
    random_scene,
    random_washes,
)

DRAWN = Pictures([DrawnElements().image(n) for n in range(1, 6)])
KEPT = 256 * 2**20


def refusal(error: HaacError) -> dict[str, str]:
    return {"error": str(error), "name": type(error).__name__}


def test_golden_vectors(tmp_path: Path) -> None:
    vectors = load_vectors()
    scenes = [from_text(vector.text) for vector in vectors]
    found = ask("node", tmp_path, [("render", plain(scene)) for scene in scenes], scenes, DRAWN)
    pairs = zip(vectors, found, strict=True)
    assert [vector.name for vector, pixels in pairs if vector.pixels != pixels] == []


def test_random_scenes(tmp_path: Path) -> None:
    rng = random.Random(19)
    pictures, washes = random_pictures(rng, 40), random_washes(rng, 12)
    scenes = [random_scene(rng, pictures, washes) for _ in range(500)]
    found = ask("node", tmp_path, [("render", plain(scene)) for scene in scenes], scenes, pictures)
    assert [n for n, scene in enumerate(scenes) if answer(scene, pictures) != found[n]] == []
    assert sum(isinstance(one, str) for one in found) > 450


def answer(scene: Scene, pictures: Pictures) -> Any:
    try:
        return pixel_hash(render(scene, pictures))
    except HaacError as error:
        return refusal(error)


def test_washes_at_any_size_and_hostile_ones(tmp_path: Path) -> None:
    rng = random.Random(20)
    washes = [wash for wash, _ in random_washes(rng, 10)]
    washes += [hostile_wash(rng, 8 << n % 7) for n in range(40)]
    sizes = [(rng.randint(1, 500), rng.randint(1, 300)) for _ in washes]
    cases: list[Case] = [
        ("wash", {"wash": plain_wash(wash), "size": size}) for wash, size in zip(washes, sizes, strict=True)
    ]
    found = ask("node", tmp_path, cases)
    expected = [pixel_hash(wash_picture(wash, size)) for wash, size in zip(washes, sizes, strict=True)]
    assert [n for n, pixels in enumerate(expected) if pixels != found[n]] == []


def test_cosines_are_those_of_python(tmp_path: Path) -> None:
    found = ask("node", tmp_path, [("cosines", size) for size in range(1, 9)])
    assert found == [cosines(size).tolist() for size in range(1, 9)]


def test_blur_strings(tmp_path: Path) -> None:
    texts = [(encode_blur(DRAWN.image(n), 16 + 5 * n), 30 * n) for n in range(1, 6)]
    found = ask("node", tmp_path, [("blur", {"text": text, "size": size}) for text, size in texts])
    assert found == [pixel_hash(decode_blur(text, size)) for text, size in texts]


def test_what_is_too_large_is_refused(tmp_path: Path) -> None:
    scenes = [from_text(text) for text in TOO_LARGE[1:]]
    found = ask("node", tmp_path, [("render", plain(scene)) for scene in scenes], scenes, DRAWN)
    expected = [answer(scene, DRAWN) for scene in scenes]
    assert found == expected
    assert all(set(one) == {"error", "name"} for one in found)


def test_work_of_hostile_scenes(tmp_path: Path) -> None:
    rng = random.Random(21)
    sizes = hostile_sizes(rng)
    scenes = [hostile_scene(rng) for _ in range(2000)]
    found = ask_sizes("node", tmp_path, [("check", plain(scene)) for scene in scenes], sizes)
    expected = [work_of(scene, sizes) for scene in scenes]
    assert [n for n, work in enumerate(expected) if work != found[n]] == []
    refused = [one["error"] for one in found if isinstance(one, dict)]
    for part in ("units of work", "MB of memory", "would be resized", "leaves element"):
        assert sum(part in message for message in refused) > 10, part
    assert len(found) - len(refused) > 200


def work_of(scene: Scene, sizes: dict[int, tuple[int, int]]) -> Any:
    def size_of(element: Any) -> tuple[int, int]:
        return sizes[element]

    try:
        check_work(scene, size_of, KEPT)
    except HaacError as error:
        return refusal(error)
    works = [layer_work(layer, size_of(layer.element), (scene.width, scene.height)) for layer in scene.layers]
    return [{"units": work.units, "pixels": work.pixels} if work.units else None for work in works]
