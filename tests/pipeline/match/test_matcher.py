"""Elements are found in pictures: the parts of the matcher, then all of it on composites of drawn elements."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac import Colour, Gradient, Inline, Layer, Plate, Scene, Wash, render, to_binary
from haac_match import Matcher, Options
from haac_match._fit import levenberg_marquardt, warp
from haac_match._fit.cutout import Cutout, CutoutCache
from haac_match._fit.fit import Patch, fit
from haac_match._fit.fitter import Fitter
from haac_match._fit.grid import GridSearch
from haac_match._index.polar import RingTable, describe, frames
from haac_match._picture.background import best_photograph, estimate_background, thumbnail
from haac_match._picture.border import find_border
from haac_match._picture.canvas import Canvas, place
from haac_match._picture.pose import Pose, pose_of
from haac_match._propose.occluded import by_occlusion, halves
from haac_match._propose.regions import regions
from haac_match._propose.residual import by_residual
from haac_match._propose.shape import Guess, by_partial_shape, by_shape
from haac_match._solve.context import Context
from haac_match._solve.greedy import GreedySolver
from haac_match._thresholds.fit import FIT
from haac_repo import HaacError, NewElement, Repository, encode, pixel_hash


def drawn(seed: int) -> Image.Image:
    """A thing of some colours on transparent ground, unlike those of other seeds."""
    lot = random.Random(seed)
    width, height = lot.randint(70, 110), lot.randint(70, 110)
    sheet = Image.new("RGBA", (4 * width, 4 * height))
    pen = ImageDraw.Draw(sheet)

    def colour() -> tuple[int, int, int, int]:
        return lot.randrange(256), lot.randrange(256), lot.randrange(256), 255

    pen.rounded_rectangle((8, 8, 4 * width - 8, 4 * height - 8), lot.randint(10, 150), fill=colour())
    for _ in range(6):
        x, y, side = lot.randint(0, 3 * width), lot.randint(0, 3 * height), lot.randint(40, 160)
        shape = pen.ellipse if lot.random() < 0.5 else pen.rectangle
        shape((x, y, x + side, y + lot.randint(40, 160)), fill=colour())
    small = sheet.convert("RGBa").resize((width, height), Image.Resampling.BOX).convert("RGBA")
    return small.crop(small.getchannel("A").getbbox())


def scenery(seed: int) -> Image.Image:
    """An opaque picture with something everywhere, as a photograph has."""
    noise = np.random.default_rng(seed)
    coarse = noise.integers(0, 256, (12, 16, 3), np.uint8)
    fine = noise.integers(0, 40, (240, 320, 3), np.uint8)
    big = cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)
    return Image.fromarray(cv2.add(big // 2 + 40, fine)).convert("RGBA")


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """14 drawn things, two of them tagged, and three sceneries."""
    path: Path = tmp_path_factory.mktemp("match") / "repo"
    with Repository.create(path) as made, made.writer() as writer:
        for seed in range(14):
            image = drawn(seed)
            tags = ("round",) if seed < 2 else ("thing",)
            writer.add(_new(image, tags))
        for seed in range(3):
            writer.add(_new(scenery(seed), ("ground",)))
    with Repository.open(path) as opened:
        yield opened


def _new(image: Image.Image, tags: tuple[str, ...]) -> NewElement:
    return NewElement(
        data=encode(image), width=image.width, height=image.height, pixels_sha256=pixel_hash(image), tags=tags
    )


@pytest.fixture(scope="session")
def matcher(repository: Repository) -> Matcher:
    return Matcher(repository)


LAYERS = [
    Layer(3, width=120, rotation=130, x=40, y=50),
    Layer(7, width=60, height=80, rotation=901, blur=4, x=300, y=60),
    Layer(5, width=140, flip="h", rotation=333, blur=2, x=200, y=220),
    Layer(9, width=90, rotation=1200, x=260, y=280),
    Layer(11, width=100, rotation=77, opacity=70, x=60, y=260),
    Layer(3, width=75, rotation=700, blur=6, x=420, y=-20),
]
"""Uneven, blurred, mirrored, one over another, transparent, twice the same, and partly off the canvas."""

GROUNDS = [Colour(0x20406FFF), Gradient(0xF0D0A0FF, 0x305080FF, 1123), Plate(16)]


@pytest.mark.parametrize("ground", GROUNDS, ids=["plain", "gradient", "photograph"])
def test_a_composite_is_found_bit_for_bit(
    repository: Repository, matcher: Matcher, ground: Colour | Gradient | Plate
) -> None:
    scene = Scene(520, 400, ground, LAYERS)
    picture = render(scene, repository)
    found = matcher.compress(picture)
    assert found.exact
    assert not found.unexplained.any()
    assert np.array_equal(np.asarray(render(found.scene, repository)), np.asarray(picture))
    assert sorted(layer.element for layer in found.scene.layers) == sorted(layer.element for layer in LAYERS)
    assert len(to_binary(found.scene)) < 9 * len(LAYERS) + 16


@pytest.mark.parametrize("ground", GROUNDS, ids=["plain", "gradient", "photograph"])
def test_what_a_jpeg_was_made_of_is_found_bit_for_bit(
    repository: Repository, matcher: Matcher, ground: Colour | Gradient | Plate
) -> None:
    scene = Scene(520, 400, ground, LAYERS)
    picture = render(scene, repository).convert("RGB")
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    found = matcher.compress(Image.open(file))
    assert sorted(layer.element for layer in found.scene.layers) == sorted(layer.element for layer in LAYERS)
    assert np.array_equal(np.asarray(render(found.scene, repository).convert("RGB")), np.asarray(picture))


@pytest.mark.parametrize(
    "layer",
    [
        Layer(8, width=30, rotation=300, blur=10, x=45, y=30),
        Layer(6, width=40, height=26, rotation=1111, blur=6, x=35, y=30),
        Layer(2, width=24, flip="h", rotation=40, blur=8, opacity=55, x=40, y=40),
    ],
    ids=["blurred", "uneven", "transparent"],
)
def test_small_things_are_told_by_what_they_change(
    repository: Repository, matcher: Matcher, layer: Layer
) -> None:
    scene = Scene(120, 100, Colour(0x806040FF), [layer])
    target = np.asarray(render(scene, repository).convert("RGB"))
    current = np.asarray(render(replace(scene, layers=[]), repository).convert("RGB"))
    (region,) = regions(np.abs(target.astype(int) - current).max(axis=2) > 12, 3)
    things = matcher._index.gallery
    found = by_residual(target, current, region, things, 3)
    ranks = [pose.element for _, pose in found]
    assert layer.number in ranks[:2]
    pose = found[ranks.index(layer.number)][1]
    truth = pose_of(layer, repository.image(layer.number).size)
    assert pose.flip == truth.flip
    assert math.hypot(pose.cx - truth.cx, pose.cy - truth.cy) < 2
    assert abs(math.remainder(pose.turn - truth.turn, math.tau)) < 0.3
    assert abs(math.log(pose.sx / truth.sx)) < 0.3


def test_guesses_that_are_compared_together_give_what_each_gives_alone(
    repository: Repository, matcher: Matcher
) -> None:
    layer = Layer(8, width=60, rotation=300, blur=8, opacity=80, x=25, y=15)
    scene = Scene(120, 100, Colour(0x806040FF), [layer])
    target = np.asarray(render(scene, repository).convert("RGB"))
    current = np.asarray(render(replace(scene, layers=[]), repository).convert("RGB"))
    (region,) = regions(np.abs(target.astype(int) - current).max(axis=2) > 12, 3)
    left, top, right, bottom = region.box
    part, things = np.s_[top:bottom, left:right], matcher._index.gallery
    guesses = Guess(), Guess(200), Guess(4, 0.8), Guess(0, 0.1), Guess(2)
    together = by_shape(target[part], current[part], region, things, 4, guesses)
    for guess, found in zip(guesses, together, strict=True):
        (alone,) = by_shape(target[part], current[part], region, things, 4, (guess,))
        assert [pose.element for _, pose in found] == [pose.element for _, pose in alone]
        assert [left for left, _ in found] == pytest.approx([left for left, _ in alone], rel=1e-4, abs=1e-3)
    assert together[2][0][1].element == layer.number
    assert together[1] == []  # nothing is left without so wide a rim
    assert by_shape(target[part], current[part], region, things, 4, ()) == []


def test_a_part_is_found_wider_and_narrower_only_if_it_is_asked_for(
    repository: Repository, matcher: Matcher
) -> None:
    layer = Layer(3, width=90, height=60, x=-30, y=20)
    scene = Scene(120, 100, Colour(0x806040FF), [layer])
    target = np.asarray(render(scene, repository).convert("RGB"))
    current = np.asarray(render(replace(scene, layers=[]), repository).convert("RGB"))
    (region,) = regions(np.abs(target.astype(int) - current).max(axis=2) > 12, 3)
    hidden, things = np.zeros(target.shape[:2], bool), matcher._index.gallery
    shapes = [
        {
            round(pose.sx / pose.sy, 1)
            for _, pose in by_partial_shape(target, current, hidden, region, things, 6, stretched=stretched)
        }
        for stretched in (False, True)
    ]
    assert shapes[0] == {1.0} < shapes[1]


def test_what_is_cut_off_is_told_by_what_it_changes(repository: Repository, matcher: Matcher) -> None:
    layer = Layer(8, width=40, rotation=300, blur=9, opacity=60, x=30, y=-18)
    scene = Scene(120, 100, Colour(0x806040FF), [layer])
    target = np.asarray(render(scene, repository).convert("RGB"))
    current = np.asarray(render(replace(scene, layers=[]), repository).convert("RGB"))
    off = np.abs(target.astype(int) - current).max(axis=2) > 2
    (region,) = regions(off, 0)
    found = by_occlusion(target, current, np.zeros(off.shape, bool), off, region, matcher._index.gallery, 8)
    likely = [pose for _, pose in found[:20] if pose.element == layer.number]
    truth = pose_of(layer, repository.image(layer.number).size)
    near = [pose for pose in likely if math.hypot(pose.cx - truth.cx, pose.cy - truth.cy) < 6]
    assert any(
        abs(math.remainder(pose.turn - truth.turn, math.tau)) < 0.5 and 0.4 < pose.opacity < 0.8
        for pose in near
    )
    assert matcher.compress(render(scene, repository)).exact


def test_what_is_behind_something_translucent_is_seen_without_it(
    repository: Repository, matcher: Matcher
) -> None:
    layers = [
        Layer(6, width=60, rotation=200, blur=3, x=80, y=60),
        Layer(4, width=130, rotation=640, opacity=60, x=45, y=35),
    ]
    scene = Scene(240, 200, Colour(0x20A060FF), layers)
    picture = render(scene, repository)
    below = np.asarray(render(replace(scene, layers=layers[:1]), repository).convert("RGB"))
    ground = render(replace(scene, layers=[]), repository)
    canvas = Canvas(np.asarray(picture.convert("RGB")), ground)
    above = place(layers[1], repository.image(4), picture.size)
    assert above is not None
    canvas.insert(0, above)
    seen_as, hidden = canvas.unblended(0, (0, 0, 240, 200))
    assert not hidden.any()
    assert np.abs(seen_as.astype(int) - below).max() <= 3
    grid = GridSearch(canvas, 0, repository.image(6), (60, 40, 180, 160), through=True)
    result = grid.result(layers[0], 2.0)
    assert result is not None
    assert result.exact == 1
    assert result.shown > 1000
    assert matcher.compress(picture).exact


def test_what_another_program_drew_is_found_beside_what_is_exact(
    repository: Repository, matcher: Matcher
) -> None:
    picture = Image.new("RGBA", (420, 260), (135, 206, 235, 255))
    picture.alpha_composite(repository.image(3), (20, 30))
    larger = repository.image(9).resize((120, 140), Image.Resampling.LANCZOS)
    picture.alpha_composite(larger, (150, 60))
    turned = repository.image(7).rotate(25, Image.Resampling.BICUBIC, expand=True)
    picture.alpha_composite(turned, (290, 70))
    found = matcher.compress(picture.convert("RGB"))
    assert sorted(layer.element for layer in found.scene.layers) == [3, 7, 9]
    assert found.scene.background == Colour(0x87CEEBFF)
    assert found.unexplained.mean() < 0.01


def test_a_ground_that_gives_way_to_a_wash_explains_what_it_did(matcher: Matcher) -> None:
    picture = Image.new("RGBA", (420, 260), (135, 206, 235, 255))
    picture.alpha_composite(drawn(77).resize((140, 140)), (150, 60))  # of no repository
    found = matcher.compress(picture.convert("RGB"))
    assert isinstance(found.scene.background, Wash)
    assert found.unexplained[70:190, 160:280].mean() > 0.5
    assert not found.unexplained[:, :130].any()


def test_a_look_alike_gives_way_to_what_is_found_without_it(repository: Repository, matcher: Matcher) -> None:
    right = Layer(8, width=80, rotation=300, blur=3, x=40, y=30)
    scene = Scene(180, 150, Colour(0x806040FF), [right])
    target = np.asarray(render(scene, repository).convert("RGB"))
    ground = estimate_background(target, [])
    assert ground is not None
    explainer = GreedySolver(target, ground, Context(CutoutCache(repository), matcher._index, 3, 8))
    wrong = place(replace(right, element=5), repository.image(5), (180, 150))
    assert wrong is not None
    explainer.canvas.insert(0, wrong)
    explainer._hits = 1
    assert explainer.ablate()
    assert [placed.layer for placed in explainer.canvas.layers] == [right]
    assert not explainer.ablate()


def test_of_two_things_that_run_together_the_ends_are_told(repository: Repository, matcher: Matcher) -> None:
    layers = [
        Layer(8, width=36, rotation=1267, blur=7, x=40, y=20),
        Layer(5, width=42, rotation=572, blur=9, x=40, y=48),
    ]
    scene = Scene(130, 120, Colour(0x806040FF), layers)
    target = np.asarray(render(scene, repository).convert("RGB"))
    current = np.asarray(render(replace(scene, layers=[]), repository).convert("RGB"))
    off = np.abs(target.astype(int) - current).max(axis=2) > 2
    (region,) = regions(off, 0)
    ends = halves(region)
    assert sum(end.area for end in ends) == region.area
    for layer in layers:
        truth = pose_of(layer, repository.image(layer.number).size)
        nearest = [
            min(
                (rank, pose.element)
                for rank, (_, pose) in enumerate(
                    by_occlusion(
                        target, current, np.zeros(off.shape, bool), off, end, matcher._index.gallery, 8
                    )
                )
                if math.hypot(pose.cx - truth.cx, pose.cy - truth.cy) < 6 and pose.element == layer.number
            )
            for end in ends
            if abs(np.nonzero(end.mask)[0].mean() + region.box[1] - truth.cy) < 14
        ]
        assert min(nearest)[0] < 20


def test_what_another_layer_shines_through_is_made_exact(repository: Repository, matcher: Matcher) -> None:
    layers = [
        Layer(7, width=72, rotation=530, blur=7, x=60, y=50),
        Layer(13, width=105, rotation=621, blur=7, x=60, y=79, opacity=60),
    ]
    scene = Scene(260, 220, Colour(0x806040FF), [Layer(12, width=60, rotation=30, x=180, y=150), *layers])
    picture = render(scene, repository)
    target = np.asarray(picture.convert("RGB"))
    search = Fitter(
        Canvas(target, render(replace(scene, layers=[]), repository)),
        CutoutCache(repository),
        2.0,
    )
    for layer in layers:
        truth = pose_of(layer, repository.image(layer.number).size)
        near = replace(truth, cx=truth.cx + 0.8, cy=truth.cy - 0.6, turn=truth.turn + 0.01)
        for search.partly in (False, True):
            found = search.on_grid(0, near)
            assert found is not None
            assert (found.fit.placed.layer == layer) == search.partly
    assert matcher.compress(picture).exact


def test_on_a_foreign_ground_what_is_found_is_there(repository: Repository, matcher: Matcher) -> None:
    ground = scenery(99).resize((700, 520), Image.Resampling.BICUBIC)
    layer = Layer(4, width=200, rotation=222, x=250, y=150)
    placed = place(layer, repository.image(4), ground.size)
    assert placed is not None
    ground.alpha_composite(placed.pixels, placed.box[:2])
    found = matcher.compress(ground.convert("RGB"))
    assert [replace(one, height=None) for one in found.scene.layers] in ([], [layer])
    assert isinstance(found.scene.background, Wash)


def test_a_picture_without_anything_of_the_catalog_gets_no_layers(matcher: Matcher) -> None:
    found = matcher.compress(scenery(50).resize((500, 400)).convert("RGB"))
    assert found.scene.layers == []
    assert not found.exact
    assert found.unexplained.any()


def test_a_transparent_picture_stays_transparent(repository: Repository, matcher: Matcher) -> None:
    scene = Scene(400, 300, None, LAYERS[:3])
    picture = render(scene, repository)
    found = matcher.compress(picture)
    assert found.scene.background is None
    assert np.array_equal(np.asarray(render(found.scene, repository)), np.asarray(picture))
    assert found.exact


def test_a_photograph_in_a_frame_is_found(repository: Repository, matcher: Matcher) -> None:
    inner = render(Scene(420, 300, Plate(15), LAYERS[:1]), repository)
    picture = Image.new("RGB", (480, 380), (230, 231, 232))
    picture.paste(inner.convert("RGB"), (30, 50))
    found = matcher.compress(picture)
    assert found.exact
    assert [layer.element for layer in found.scene.layers] == [15, 3]


@pytest.mark.parametrize(
    "ground", [GROUNDS[0], Gradient(0xC0A080FF, 0x405060FF, 1123)], ids=["plain", "gradient"]
)
def test_a_window_is_seen_through(
    repository: Repository, matcher: Matcher, ground: Colour | Gradient
) -> None:
    """What is cut off by the window's side is under its border in the recipe."""
    cut = Layer(3, width=110, rotation=130, x=-40, y=90)
    inner = render(Scene(420, 300, ground, [cut, *LAYERS[1:3]]), repository).convert("RGB")
    picture = Image.new("RGB", (460, 380), (40, 41, 42))
    ImageDraw.Draw(picture).line((0, 49, 460, 49), "#707070")
    ImageDraw.Draw(picture).ellipse((8, 20, 20, 32), "red")
    picture.paste(inner, (20, 50))
    found = matcher.compress(picture)
    layers = [layer for layer in found.scene.layers if not isinstance(layer.element, Inline)]
    assert {layer.element for layer in layers} == {3, *(layer.element for layer in LAYERS[1:3])}
    assert len(found.scene.inlines()) == 1
    made = np.asarray(render(found.scene, repository).convert("RGB")).astype(np.int16)
    off = np.abs(made - np.asarray(picture)).max(axis=2)[50:350, 20:440]
    # The ends of a gradient of the whole canvas are whole numbers, too.
    assert off.max() <= (0 if isinstance(ground, Colour) else 2)


def test_the_same_picture_gives_the_same_bytes(repository: Repository) -> None:
    picture = render(Scene(520, 400, GROUNDS[1], LAYERS[:3]), repository)
    first, second = (to_binary(Matcher(repository).compress(picture).scene) for _ in range(2))
    assert first == second


def test_only_wanted_elements_are_found(repository: Repository, matcher: Matcher) -> None:
    layers = [Layer(1, width=90, x=30, y=30), Layer(6, width=90, x=200, y=60)]
    picture = render(Scene(360, 240, Colour(0xFFFFFFFF), layers), repository)
    found = matcher.compress(picture, Options(only_tags=("round",)))
    assert [layer.element for layer in found.scene.layers] == [1]
    with pytest.raises(HaacError, match="no element has the tag nowhere"):
        matcher.compress(picture, Options(only_tags=("nowhere",)))


def test_limits_of_layers_and_bytes_hold(repository: Repository, matcher: Matcher) -> None:
    picture = render(Scene(520, 400, GROUNDS[0], LAYERS), repository)
    assert 1 <= len(matcher.compress(picture, Options(max_layers=2)).scene.layers) <= 2
    small = matcher.compress(picture, Options(budget=30)).scene
    assert 0 < len(small.layers) < len(LAYERS)
    assert len(to_binary(small)) <= 30


@pytest.mark.parametrize("size", [(1, 1), (300, 2), (7, 7), (15, 400)])
def test_tiny_pictures_are_no_problem(matcher: Matcher, size: tuple[int, int]) -> None:
    plain = matcher.compress(Image.new("RGB", size, "teal"))
    assert plain.exact
    assert plain.scene.layers == []
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    assert matcher.compress(Image.fromarray(noise)).unexplained.shape == (size[1], size[0])


@pytest.mark.parametrize("ground", GROUNDS[:2], ids=["plain", "gradient"])
def test_grounds_are_found_to_the_bit(repository: Repository, ground: Colour | Gradient) -> None:
    picture = np.asarray(render(Scene(520, 400, ground, LAYERS), repository).convert("RGB"))
    found = estimate_background(picture)
    assert found is not None
    # The same gradient can be told from either end.
    assert np.array_equal(np.asarray(found.pixels), np.asarray(render(Scene(520, 400, ground), repository)))
    assert found.noise == 0


def test_a_ground_photograph_is_told_from_others(repository: Repository) -> None:
    numbers = np.array([15, 16, 17])
    small = np.stack([thumbnail(np.asarray(repository.image(int(n)).convert("RGB"))) for n in numbers])
    picture = np.asarray(render(Scene(520, 400, Plate(17), LAYERS), repository).convert("RGB"))
    found = best_photograph(picture, small, numbers, repository)
    assert found is not None
    assert found.background == Plate(17)
    foreign = np.asarray(scenery(50).resize((520, 400)).convert("RGB"))
    assert best_photograph(foreign, small, numbers, repository) is None
    assert estimate_background(foreign) is None


def test_windows() -> None:
    picture = np.full((100, 120, 3), 200, np.uint8)
    assert find_border(picture) is None
    picture[10:90, 20:110] = np.random.default_rng(1).integers(0, 100, (80, 90, 3))
    assert find_border(picture) == ((20, 10, 110, 90), 1.0)
    picture[8:10] = 90  # a line under the title
    picture[3:6, 5:40] = 0  # a button
    found = find_border(picture)
    assert found is not None
    assert found[0] == (20, 10, 110, 90)
    assert 0.85 < found[1] < 1
    picture[:10] = np.random.default_rng(2).integers(0, 255, (10, 120, 3))
    assert find_border(picture) is None, "what is around it is no border"


@pytest.mark.parametrize(("mirrored", "turn"), [(False, 0.0), (False, 1.1), (True, 2.0), (True, 5.5)])
def test_rings_tell_the_thing_and_its_turn(mirrored: bool, turn: float) -> None:
    images = [drawn(seed) for seed in range(14)]
    table = RingTable(np.stack([_rings(np.asarray(image)) for image in images]))
    pose = Pose(1, mirrored, 150, 150, 1.3, 1.3, turn)
    size = images[6].size
    placed = place(pose.layer(size, True), images[6], (300, 300))
    assert placed is not None
    canvas = Image.new("RGBA", (300, 300))
    canvas.alpha_composite(placed.pixels, placed.box[:2])
    _, index, flipped, angle = table.nearest(_rings(np.asarray(canvas)).astype(np.float32) / 255, 3)[0]
    assert (index, flipped) == (6, mirrored)
    assert abs((angle - turn + math.pi) % math.tau - math.pi) < 0.1


def _rings(rgba: np.ndarray) -> np.ndarray:
    alpha = rgba[:, :, 3:].astype(np.float32) / 255
    both = frames(rgba[:, :, 3] > 12)
    assert both is not None
    return np.round(describe(np.concatenate([rgba[:, :, :3] * alpha, alpha], 2), both[0]) * 255).astype(
        np.uint8
    )


def test_the_warp_is_opencvs() -> None:
    source = np.random.default_rng(1).random((40, 50, 4), np.float32)
    matrix = np.array([[0.8, 0.3, -4.2], [-0.3, 0.8, 11.7]])
    out = np.empty((60, 60, 4), np.float32)
    warp.warp(source, matrix, out)
    there = cv2.warpAffine(source, matrix, (60, 60), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    # OpenCV's fractions have five bits.
    assert np.abs(out - there).max() < 0.07


@pytest.mark.parametrize(("across", "down"), [(1.5, 1.5), (0.75, 2.5), (0, 0)])
def test_the_blur_is_opencvs(across: float, down: float) -> None:
    level, margin = np.random.default_rng(2).random((20, 30, 4), np.float32), 10
    there = cv2.copyMakeBorder(level, margin, margin, margin, margin, cv2.BORDER_CONSTANT)
    if across:
        there = cv2.GaussianBlur(there, (0, 0), across, sigmaY=down)
    made = levenberg_marquardt.blurred(level, across, down, margin)
    assert made.shape == (40, 50, 4)
    assert np.abs(made - there).max() < 0.004  # OpenCV's kernel is longer
    assert made.sum() == pytest.approx(level.sum(), rel=1e-5)


def test_a_solved_step_is_numpys() -> None:
    rng = np.random.default_rng(4)
    jacobian, group = rng.normal(size=(7, 30)), np.array([0, 1, 2, 3, 3, 4, -1])
    hessian, gradient = jacobian @ jacobian.T, rng.normal(size=7)
    chosen = np.zeros((7, 5))
    for column, of in enumerate(group[:6]):
        chosen[column, of] = 1
    small = chosen.T @ hessian @ chosen
    there = chosen @ np.linalg.solve(small + 0.01 * np.diag(np.diag(small)), -(chosen.T @ gradient))
    made = levenberg_marquardt._solved(np.triu(hessian), gradient, 0.01, group, 5)
    assert made == pytest.approx(there)
    assert np.isnan(levenberg_marquardt._solved(np.zeros((7, 7)), gradient, 0.0, group, 5)).all()


@pytest.mark.parametrize("opacity", [1.0, 0.7])
def test_a_rough_pose_is_fitted(opacity: float) -> None:
    cutout = Cutout(drawn(4))
    true = Pose(1, True, 151.3, 148.8, 1.4, 1.2, 2.2, 1.5, opacity)
    canvas = Canvas(np.zeros((300, 300, 3), np.uint8), Image.new("RGBA", (300, 300), (60, 90, 30, 255)))
    placed = place(true.layer(cutout.size, False), cutout.image, (300, 300))
    assert placed is not None
    under = canvas.current.copy()
    canvas.insert(0, placed)
    true = pose_of(placed.layer, cutout.size)
    patch = Patch(canvas.current, under, None, (0, 0, 300, 300), 200)
    start = replace(true, cx=true.cx + 4, cy=true.cy - 3, sx=true.sx * 1.06, turn=true.turn + 0.06, blur=0.8)
    found = fit(start, cutout, patch, 15, free=("blur", "opacity"))
    assert found.share > 0.98
    assert abs(found.pose.cx - true.cx) < 0.1
    assert abs(found.pose.sx * cutout.size[0] - true.sx * cutout.size[0]) < 0.4
    assert abs(found.pose.turn - true.turn) < 0.005
    assert abs(found.pose.opacity - opacity) < 0.03


def test_the_gradient_of_a_step_is_that_of_the_cost() -> None:
    cutout = Cutout(drawn(2))
    target = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 255, (120, 120, 3), np.uint8), (0, 0), 6)
    patch = Patch(target, np.full_like(target, 75), None, (0, 0, 120, 120), 120)
    pose = Pose(1, False, 60, 60, 0.8, 0.8, 0.3, 2.0, 0.2)
    warped = patch.warped(pose, cutout)
    hessian, gradient = np.empty((7, 7)), np.empty(7)
    warp.system(
        warped, patch.under, patch.target, patch.weight, pose.opacity, float(FIT.clip_squared), 1, 1, -60, -60,
        math.cos(0.3), math.sin(0.3), hessian, gradient,
    )  # fmt: skip

    def robust(changed: Pose) -> float:
        made = patch.warped(changed, cutout)
        off = (
            made[:, :, :3] * changed.opacity
            + (1 - made[:, :, 3:] * changed.opacity) * patch.under
            - patch.target
        )
        square = np.square(off).sum(axis=2)
        return float((square / (1 + square / FIT.clip_squared)).sum()) / 2

    for column, name in ((0, "cx"), (1, "cy"), (2, "turn"), (6, "opacity")):
        step = 0.02 if name in ("turn", "opacity") else 0.5
        ahead = robust(replace(pose, **{name: getattr(pose, name) + step}))
        behind = robust(replace(pose, **{name: getattr(pose, name) - step}))
        assert gradient[column] == pytest.approx((ahead - behind) / (2 * step), rel=0.03, abs=20)


def test_the_grid_is_met_exactly() -> None:
    image = drawn(8)
    true = Layer(1, width=88, height=97, rotation=401, blur=5, x=60, y=50)
    canvas = Canvas(np.zeros((240, 240, 3), np.uint8), Image.new("RGBA", (240, 240), (200, 190, 30, 255)))
    placed = place(true, image, (240, 240))
    assert placed is not None
    canvas.insert(0, placed)
    canvas.target = canvas.current.copy()
    canvas.remove(0)
    grid = GridSearch(canvas, 0, image, (20, 20, 220, 220))
    near = replace(true, width=89, height=96, rotation=404, blur=4, x=59, y=51)
    found = grid.polish(grid.descend(near), 2)
    assert found == true
    result = grid.result(found, 0)
    assert result is not None
    assert (result.cost, result.exact) == (0, 1.0)
