"""Elements on a ground that is in no catalog: how their places are proposed, and that what is found is exact."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage import data

from haac import Layer
from haac_match import Matcher
from haac_match._fit.cutout import CutoutCache
from haac_match._fit.grid_photo import PhotoGridSearch
from haac_match._fit.inpaint import inpainted
from haac_match._index.index import load
from haac_match._index.segment_table import SegmentTable
from haac_match._index.segments import (
    Sampler,
    packed_segments,
    segments_of,
    unpacked_frames,
    unpacked_outlines,
)
from haac_match._picture.canvas import Canvas, place
from haac_match._picture.pose import Pose, pose_of
from haac_match._picture.splice_net import splice_likelihood
from haac_match._propose.pasted import PastedRegions
from haac_match._propose.prefilter import prefilter
from haac_match._solve.context import Context
from haac_match._solve.photo import PhotoSolver
from haac_match._solve.photo_proposals import apart
from haac_repo import NewElement, Repository, encode, pixel_hash

LAYERS = [
    Layer(1, width=120, rotation=222, x=60, y=40),
    Layer(3, width=70, height=92, rotation=900, blur=3, x=300, y=60),
    Layer(5, flip="h", width=110, rotation=1300, blur=8, x=480, y=90),
    Layer(6, width=100, rotation=40, blur=4, x=90, y=300),
    Layer(8, width=64, rotation=700, x=330, y=330),
]


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


def calm(seed: int, size: tuple[int, int]) -> Image.Image:
    """As `scenery`, but nearly grey."""
    made = Image.fromarray(np.asarray(scenery(seed).resize(size, Image.Resampling.BICUBIC)) // 8 + 112)
    made.putalpha(255)
    return made


def _new(image: Image.Image, tags: tuple[str, ...]) -> NewElement:
    return NewElement(
        data=encode(image), width=image.width, height=image.height, pixels_sha256=pixel_hash(image), tags=tags
    )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Ten drawn things, and a thin one."""
    path: Path = tmp_path_factory.mktemp("foreign") / "repo"
    with Repository.create(path) as made, made.writer() as writer:
        for seed in range(10):
            writer.add(_new(drawn(seed), ()))
        writer.add(_new(thin(), ()))
    with Repository.open(path) as opened:
        yield opened


def composed(repository: Repository, layers: list[Layer], ground: Image.Image) -> Image.Image:
    picture = ground.copy()
    for layer in layers:
        placed = place(layer, repository.image(layer.element), picture.size)
        assert placed is not None
        picture.alpha_composite(placed.pixels, placed.box[:2])
    return picture.convert("RGB")


def test_layers_on_a_foreign_ground_are_found_exactly(repository: Repository) -> None:
    ground = scenery(99).resize((700, 520), Image.Resampling.BICUBIC)
    found = Matcher(repository).compress(composed(repository, LAYERS, ground))
    key = lambda layer: (layer.element, layer.x)  # noqa: E731
    assert sorted(found.scene.layers, key=key) == sorted(LAYERS, key=key)


def test_a_sky_is_no_ground(repository: Repository) -> None:
    noise = np.random.default_rng(5)
    sky = np.linspace((90, 140, 230), (200, 220, 250), 520)[:, None] + noise.normal(0, 1.2, (520, 700, 1))
    pixels = np.asarray(scenery(98).resize((700, 520), Image.Resampling.BICUBIC).convert("RGB")).copy()
    pixels[:330] = np.clip(np.round(sky[:330]), 0, 255)
    picture = composed(repository, LAYERS[:3], Image.fromarray(pixels).convert("RGBA"))
    found = Matcher(repository).compress(picture)
    assert sorted(layer.element for layer in found.scene.layers) == [1, 3, 5]


def test_threads_change_nothing(repository: Repository) -> None:
    ground = scenery(97).resize((600, 480), Image.Resampling.BICUBIC)
    picture = composed(repository, LAYERS[:2], ground)
    one, four = (Matcher(repository, threads=threads).compress(picture).scene for threads in (1, 4))
    assert one.layers == four.layers
    assert one.background == four.background


def shown(repository: Repository, layers: list[Layer], size: tuple[int, int]) -> np.ndarray:
    """(height, width) bool: where layers are."""
    made = np.zeros((size[1], size[0]), bool)
    for layer in layers:
        placed = place(layer, repository.image(layer.element), size)
        assert placed is not None
        left, top, right, bottom = placed.box
        made[top:bottom, left:right] |= np.asarray(placed.pixels.getchannel("A")) >= 128
    return made


def test_what_was_laid_on_a_photograph_is_seen(repository: Repository) -> None:
    photograph = (
        Image.fromarray(data.astronaut()).convert("RGBA").resize((700, 520), Image.Resampling.BICUBIC)
    )
    seen = splice_likelihood(np.asarray(composed(repository, LAYERS, photograph))) > 0.5
    there = shown(repository, LAYERS, (700, 520))
    assert (seen & there).sum() > 0.7 * there.sum()
    alone = splice_likelihood(np.asarray(photograph.convert("RGB"))) > 0.5
    assert alone[there].mean() < 0.25, "it is the layers that are seen, not the place"


@pytest.mark.parametrize("size", [(1, 1), (33, 70), (64, 31)])
def test_pictures_of_any_size_are_looked_at(size: tuple[int, int]) -> None:
    seen = splice_likelihood(np.zeros((*size, 3), np.uint8))
    assert seen.shape == size
    assert seen.min() >= 0
    assert seen.max() <= 1


def test_the_ground_is_guessed_without_what_was_laid_on_it(repository: Repository) -> None:
    grey = calm(95, (700, 520))
    layers = [Layer(6, width=100, rotation=40, x=90, y=300)]
    picture = np.asarray(composed(repository, layers, grey))
    there = shown(repository, layers, (700, 520))
    made = np.asarray(PastedRegions(picture).background(picture).convert("RGB")).astype(int)
    true = np.asarray(grey.convert("RGB")).astype(int)
    off = np.abs(made - true).mean(axis=2)[there].mean()
    assert off < 0.2 * np.abs(picture - true).mean(axis=2)[there].mean()


def thin() -> Image.Image:
    """A thing of bars that a blur leaves nothing opaque of."""
    sheet = Image.new("RGBA", (400, 400))
    pen = ImageDraw.Draw(sheet)
    pen.line((20, 60, 380, 300), (220, 30, 60, 255), 70)
    pen.line((80, 380, 150, 20), (30, 90, 220, 255), 60)
    pen.line((330, 20, 200, 380), (250, 200, 20, 255), 64)
    return sheet.convert("RGBa").resize((100, 100), Image.Resampling.BOX).convert("RGBA")


def test_a_layer_without_an_opaque_pixel_is_proved_by_all_that_shows_of_it(repository: Repository) -> None:
    layer = Layer(11, width=52, rotation=222, blur=11, x=140, y=130)
    placed = place(layer, repository.image(11), (600, 480))
    assert placed is not None
    assert np.asarray(placed.pixels.getchannel("A")).max() < 255
    picture = np.asarray(composed(repository, [layer, LAYERS[3]], calm(94, (600, 480))))
    explainer = PhotoSolver(picture, Context(CutoutCache(repository), load(repository)))
    explainer.solve()
    assert {placed.layer for placed in explainer.canvas.layers} == {layer, LAYERS[3]}


def test_pixels_that_a_blur_mixes_tell_the_same() -> None:
    assert apart(500, 0) == 500
    assert apart(500, 3) < 5


@pytest.mark.parametrize("blur", [0.0, 2.0])
def test_a_piece_is_where_its_outline_was_before_a_blur(blur: float) -> None:
    noise = np.asarray(scenery(4).convert("RGB"))[:160, :200]
    cover = np.zeros((160, 200), np.float32)
    cv2.circle(cover, (90, 70), 30, 1.0, cv2.FILLED)
    if blur:
        cover = cv2.GaussianBlur(cover, (0, 0), blur)
    picture = np.round(cover[..., None] * (200, 40, 90) + (1 - cover[..., None]) * noise).astype(np.uint8)
    (piece,) = segments_of(picture, None, 1, 100, picture.size)
    assert piece.colour.tolist() == [200, 40, 90]
    assert abs(piece.x - 90.5) + abs(piece.y - 70.5) < 1.5
    assert abs(piece.extent / (30 / math.sqrt(2)) - 1) < 0.06


@pytest.mark.parametrize(("mirrored", "turn"), [(False, 0.4), (True, 2.0)])
def test_a_piece_tells_its_element_and_turn(mirrored: bool, turn: float) -> None:
    images = [np.asarray(drawn(seed)) for seed in range(8)]
    made = [packed_segments(image) for image in images]
    owners = np.repeat(np.arange(8), [len(one.colours) for one in made])
    sizes = np.array([image.shape[1::-1] for image in images])[owners]
    frames = unpacked_frames(np.concatenate([one.frames for one in made]), sizes)
    table = SegmentTable(
        owners,
        frames,
        np.concatenate([one.colours for one in made]),
        np.concatenate([one.rings for one in made]),
        unpacked_outlines(np.concatenate([one.outlines for one in made])),
    )
    table.prepare(0.0)
    image = drawn(6)
    layer = Pose(1, mirrored, 150, 150, 1.4, 1.4, turn).layer(image.size, True)
    placed = place(layer, image, (300, 300))
    assert placed is not None
    canvas = scenery(3).resize((300, 300))
    canvas.alpha_composite(placed.pixels, placed.box[:2])
    pixels = np.asarray(canvas.convert("RGB"))
    sampler = Sampler(pixels.astype(np.float32))
    likes = [
        like
        for piece in segments_of(pixels, None, 1, 40, pixels.size)
        for like in table.nearest(
            piece.colour, sampler.rings(piece.x, piece.y, piece.extent), piece.outline, 0.0, 14, 4
        )
    ]
    left, row, flipped, angle = min(likes)
    assert left < 0.1
    assert (owners[row], flipped) == (6, mirrored)
    assert abs((angle - turn + math.pi) % math.tau - math.pi) < 0.2
    kept = table.only(np.where(np.arange(8) == 6, 0, -1))
    assert set(kept.owners.tolist()) == {0}
    assert len(kept.frames) == (owners == 6).sum()


def test_pieces_of_one_colour_are_told_by_their_outlines() -> None:
    corners = [
        [(10, 10), (90, 10), (90, 30), (30, 30), (30, 90), (10, 90)],
        [(10, 40), (40, 40), (40, 10), (60, 10), (60, 40), (90, 40), (90, 60), (60, 60), (60, 90), (40, 90), (40, 60), (10, 60)],
        [(10, 10), (90, 50), (10, 90)],
        [(10, 35), (90, 35), (90, 65), (10, 65)],
    ]  # fmt: skip
    sheets = [Image.new("RGBA", (100, 100)) for _ in corners]
    for sheet, places in zip(sheets, corners, strict=True):
        ImageDraw.Draw(sheet).polygon(places, fill=(30, 160, 90, 255))
    made = [packed_segments(np.asarray(sheet)) for sheet in sheets]
    owners = np.repeat(np.arange(4), [len(one.colours) for one in made])
    table = SegmentTable(
        owners,
        unpacked_frames(np.concatenate([one.frames for one in made]), np.full((len(owners), 2), 100)),
        np.concatenate([one.colours for one in made]),
        np.concatenate([one.rings for one in made]),
        unpacked_outlines(np.concatenate([one.outlines for one in made])),
    )
    table.prepare(0.0)
    for number, sheet in enumerate(sheets):
        canvas = scenery(3).resize((300, 300))
        canvas.alpha_composite(sheet.resize((130, 130)).rotate(50, Image.Resampling.BICUBIC), (60, 80))
        pixels = np.asarray(canvas.convert("RGB"))
        (piece,) = segments_of(pixels, None, 1, 200, pixels.size)
        rings = Sampler(pixels.astype(np.float32)).rings(piece.x, piece.y, piece.extent)
        likes = table.nearest(piece.colour, rings, piece.outline, 0.0, 14, 1)
        assert owners[min(likes)[1]] == number


def test_pieces_are_looked_for_only_where_their_middle_may_be(repository: Repository) -> None:
    pixels = np.asarray(composed(repository, LAYERS, scenery(5).resize((600, 480)).convert("RGBA")))
    where = np.zeros(pixels.shape[:2], np.uint8)
    where[:240, 150:420] = 1
    every = segments_of(pixels, None, 1, 20, pixels.size)
    there = segments_of(pixels, None, 1, 20, pixels.size, where)
    inside = [piece for piece in every if where[int(piece.y), int(piece.x)]]
    assert [(piece.x, piece.y, piece.area) for piece in there] == [(p.x, p.y, p.area) for p in inside]
    assert 0 < len(there) < len(every)


def test_what_is_translucent_shows_by_the_edges_that_go_with_it(repository: Repository) -> None:
    layers = [
        Layer(1, width=120, rotation=222, opacity=72, x=60, y=40),
        Layer(6, width=150, rotation=40, blur=4, opacity=85, x=300, y=200),
    ]
    ground = scenery(96).resize((600, 480), Image.Resampling.BICUBIC)
    found = Matcher(repository).compress(composed(repository, layers, ground))
    assert sorted(found.scene.layers, key=lambda layer: layer.x) == layers


def test_less_blur_is_no_better_for_making_more_opaque(repository: Repository) -> None:
    layer = Layer(3, width=90, rotation=300, blur=12, x=60, y=50)
    picture = np.asarray(composed(repository, [layer], scenery(95).resize((220, 200)).convert("RGBA")))
    canvas = Canvas(picture, Image.fromarray(picture).convert("RGBA"))
    guess = cv2.blur(picture, (61, 61))
    grid = PhotoGridSearch(canvas, 0, repository.image(3), (40, 30, 190, 180), guess[30:180, 40:190])
    near = [replace(layer, blur=blur) for blur in range(6, 19) if blur != 12]
    assert all(grid.judged(other) > grid.judged(layer) for other in near)
    assert grid.polish(replace(layer, blur=9, rotation=302, x=61)) == layer


def test_a_quick_look_moves_a_pose_to_where_it_fits(repository: Repository) -> None:
    picture = np.asarray(composed(repository, LAYERS[:1], scenery(99).resize((400, 300)).convert("RGBA")))
    truth = pose_of(LAYERS[0], repository.image(1).size)
    beside = Pose(1, False, truth.cx + 4, truth.cy - 4, truth.sx * 1.08, truth.sy * 1.08, truth.turn + 0.12)
    wrong = Pose(4, False, truth.cx, truth.cy, truth.sx, truth.sy, truth.turn)
    off_canvas = Pose(1, False, -500, truth.cy, truth.sx, truth.sy, truth.turn)
    looked = prefilter([wrong, beside, off_canvas], load(repository).gallery, picture)
    assert looked[0][1].element == 1
    assert looked[0][0] < 0.2 < min([left for left, pose in looked[1:]], default=1.0)
    moved = looked[0][1]
    assert math.hypot(moved.cx - truth.cx, moved.cy - truth.cy) < 3
    assert abs(math.log(moved.sx * moved.sy / (truth.sx * truth.sy))) < 0.1


def test_what_is_not_known_is_filled_from_around() -> None:
    pixels = np.zeros((40, 60, 3), np.float32)
    pixels[:] = np.arange(60, dtype=np.float32)[None, :, None] * 4
    known = np.ones((40, 60), bool)
    known[10:30, 20:40] = False
    spoiled = pixels.copy()
    spoiled[~known] = 255
    made = inpainted(spoiled, known)
    assert np.allclose(made[known], pixels[known], atol=1e-3)
    assert np.abs(made - pixels).max() < 35
    assert np.abs(made - pixels)[~known].mean() < 12


def test_where_the_ground_is_a_guess_opaque_pixels_decide(repository: Repository) -> None:
    layer = LAYERS[3]
    ground = scenery(99).resize((300, 500), Image.Resampling.BICUBIC)
    picture = np.asarray(composed(repository, [layer], ground))
    canvas = Canvas(picture, Image.new("RGBA", (300, 500), (90, 90, 90)))
    box = 60, 270, 240, 450
    guess = np.full((180, 180, 3), 90, np.uint8)
    grid = PhotoGridSearch(canvas, 0, repository.image(layer.element), box, guess)
    near = Layer(layer.element, width=98, rotation=41, blur=5, x=layer.x + 1, y=layer.y)
    assert grid.cost(layer) < grid.cost(near) < grid.before
    assert grid.polish(near) == layer
    result = grid.result(layer, 2.0)
    assert result is not None
    assert result.exact == 1
