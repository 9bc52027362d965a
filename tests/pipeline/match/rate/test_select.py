"""What is worth its bytes: a wash alone, layers on a wash, inline elements; and `haac compress --no-catalog`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage import data

from haac import (
    Colour,
    ElementCache,
    Inline,
    Layer,
    Scene,
    Wash,
    encode_inline,
    from_binary,
    render,
    to_binary,
)
from haac._cli.main import _run
from haac._render import NO_ELEMENTS
from haac_match import Options, Subject, wash_only
from haac_match._rate import select
from haac_match._rate.cost import Cost
from haac_match._rate.select import RateDistortion
from haac_match._rate.wash import on_wash
from haac_pipeline._segment import subject
from haac_repo import ElementNotFoundError, MissingExtraError, write_file

PHOTO = Image.fromarray(data.astronaut()).resize((128, 128), Image.Resampling.LANCZOS)
FACE = np.zeros((128, 128), np.uint8)
FACE[3:53, 40:73] = 255


def face() -> Subject:
    """The subject of the photograph, cut out."""
    cut = PHOTO.convert("RGBA")
    cut.putalpha(Image.fromarray(FACE))
    return Subject(FACE, [(cut.crop((40, 3, 73, 53)), (40, 3))])


def nowhere() -> Subject | None:
    return None


def squared(scene: Scene, where: Any = None) -> float:
    """Mean squared error of the photograph, perhaps in a part of it."""
    made = np.asarray(render(scene, NO_ELEMENTS).convert("RGB"), np.float64)
    errors = np.square(made - np.asarray(PHOTO)).mean(axis=2)
    return float(errors.mean() if where is None else errors[where].mean())


@pytest.mark.parametrize("budget", [40, 318])
def test_a_picture_without_a_catalog_is_a_wash_that_fills_its_budget(budget: int) -> None:
    made = wash_only(PHOTO, Options(budget=budget), nowhere)
    assert isinstance(made.scene.background, Wash)
    assert 0.9 * budget <= len(to_binary(made.scene)) <= budget
    assert made.unexplained.shape == (128, 128)
    assert not made.unexplained.any(), "nothing was looked for"
    assert not made.exact


def test_more_bytes_and_more_quality_give_less_error() -> None:
    budgets = [squared(wash_only(PHOTO, Options(budget=b), nowhere).scene) for b in (30, 100, 318)]
    assert budgets == sorted(budgets, reverse=True)
    qualities = [squared(wash_only(PHOTO, Options(quality=q), nowhere).scene) for q in (0, 40, 80)]
    assert qualities == sorted(qualities, reverse=True)


def test_a_plain_picture_needs_no_wash() -> None:
    made = wash_only(Image.new("RGB", (300, 200), "#336699"), Options(budget=318), nowhere)
    assert made.exact
    assert made.scene.background == Colour(0x336699FF)


def test_alpha_is_kept() -> None:
    picture = PHOTO.convert("RGBA")
    picture.putalpha(Image.fromarray(FACE))
    made = render(wash_only(picture, Options(budget=400), nowhere).scene, NO_ELEMENTS)
    alpha = np.asarray(made.getchannel("A"))
    assert alpha[FACE > 0].mean() > 230
    assert alpha[66:].mean() < 10


def test_the_subject_gets_more_of_the_bytes() -> None:
    plain = wash_only(PHOTO, Options(budget=318), face).scene
    weighted = wash_only(PHOTO, Options(budget=318, subject_weight=8), face).scene
    assert squared(weighted, FACE > 0) < 0.9 * squared(plain, FACE > 0)
    assert squared(weighted, FACE == 0) > squared(plain, FACE == 0)


class Elements:
    """One that is an opaque square of stripes, one that is nothing that the picture holds."""

    def image(self, ref: int) -> Image.Image:
        """50x50."""
        image = Image.new("RGBA", (50, 50), "white" if ref == 1 else "lime")
        for n in range(0, 50, 4):
            ImageDraw.Draw(image).rectangle((n, 0, n + 1, 49), fill="black")
        return image


def pasted() -> tuple[Image.Image, Layer]:
    layer = Layer(1, x=70, y=75)
    picture = PHOTO.convert("RGBA")
    picture.alpha_composite(render(Scene(128, 128, None, [layer]), Elements()))
    return picture, layer


def selection(picture: Image.Image, **options: Any) -> RateDistortion:
    return RateDistortion(Cost(picture, ElementCache(Elements()), Options(**options), nowhere))


@pytest.mark.parametrize("budget", [100, 318])
def test_a_layer_that_is_right_stays_on_the_wash_and_one_that_is_not_goes(budget: int) -> None:
    picture, layer = pasted()
    wrong = Layer(2, x=10, y=70)
    made = selection(picture, budget=budget).best(Scene(128, 128, Colour(0xFF), [wrong, layer]), known=True)
    assert made.layers == [layer]
    assert isinstance(made.background, Wash)
    assert len(to_binary(made)) <= budget


def test_a_layer_that_is_right_stays_even_where_the_wash_that_is_made_for_it_is_worse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture, layer = pasted()
    real = on_wash

    def bad_under_layers(
        cost: Cost, scene: Scene, budget: int | None, quality: int | None, **how: bool
    ) -> Scene | None:
        return real(cost, scene, 40 if scene.layers else budget, quality, **how)

    monkeypatch.setattr(select, "on_wash", bad_under_layers)
    chosen = selection(picture)
    made = chosen.best(Scene(128, 128, Colour(0xFF), [layer]), known=True)
    assert made.layers == [layer]
    rough = real(chosen._cost, replace(made, layers=[]), None, None, refined=False)
    assert rough is not None
    assert made.background == rough.background


def test_a_layer_is_dropped_where_its_bytes_do_more_in_the_wash() -> None:
    """A faint dot costs as many bytes as any layer, and shows next to nothing."""
    picture = PHOTO.convert("RGBA")
    dot = Layer(1, width=3, height=3, opacity=20, x=60, y=60)
    picture.alpha_composite(render(Scene(128, 128, None, [dot]), Elements()))
    made = selection(picture, budget=200).best(Scene(128, 128, Colour(0xFF), [dot]), known=True)
    assert made.layers == []
    assert isinstance(made.background, Wash)


def test_what_is_explained_gets_no_wash() -> None:
    scene = Scene(128, 128, Colour(0x336699FF), [Layer(1, x=10, y=10)])
    picture = render(scene, Elements())
    for budget in (None, 1000):
        assert selection(picture, budget=budget).best(scene, known=True) == scene


def test_layers_go_until_the_budget_holds() -> None:
    layers = [Layer(1, width=w, rotation=37, x=w, y=w) for w in (50, 8, 40)]
    scene = Scene(128, 128, Colour(0x336699FF), layers)
    budget = len(to_binary(Scene(128, 128, scene.background, [layers[0], layers[2]])))
    made = selection(render(scene, Elements()), budget=budget).best(scene, known=True)
    assert made.layers == [layers[0], layers[2]], "the small one gains least"


def test_inline_elements_come_only_where_they_win() -> None:
    small = wash_only(PHOTO, Options(budget=250, subject_weight=4, inline=True), face)
    assert small.scene.inlines() == []
    large = wash_only(PHOTO, Options(budget=45_000, inline=True), nowhere)
    assert large.exact, "there is room for all of it without loss"
    assert len(to_binary(large.scene)) <= 45_000
    assert from_binary(to_binary(large.scene)) == large.scene


def test_no_layer_is_no_inline_element() -> None:
    made = wash_only(PHOTO, Options(budget=45_000, inline=True, max_layers=0), nowhere)
    assert made.scene.layers == []


def test_drawings_come_without_loss() -> None:
    stripes = Image.new("RGB", (200, 200), "white")
    for n in range(0, 200, 7):
        ImageDraw.Draw(stripes).line((0, n, 199, 199 - n), (n, 0, 255 - n))
    assert wash_only(stripes, Options(budget=5000, inline=True), nowhere).exact


def test_a_heavy_subject_is_sent_as_it_is() -> None:
    options = Options(budget=3000, subject_weight=100, inline=True, cut_subject=True)
    made = wash_only(PHOTO, options, face).scene
    assert [
        layer.element.size < PHOTO.size for layer in made.layers if isinstance(layer.element, Inline)
    ] == [True]
    assert squared(made, FACE > 0) < 60


# The command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a repository; the photograph is in it, and its subject needs no model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HAAC_REPO", raising=False)
    monkeypatch.setattr(subject, "subject", lambda *_, **__: face())
    PHOTO.save(tmp_path / "photo.png")
    return tmp_path


def compress(*arguments: str) -> int:
    return _run(["compress", "--no-catalog", "photo.png", "--jobs", "1", *arguments])


def test_no_repository_is_needed_there_or_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compress("--json", "--report", "report.png") == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["binary_bytes"] == (folder / "photo.haac").stat().st_size <= 318
    assert told["ids"] == []
    assert _run(["decompress", "photo.haac", "-o", "again.png"]) == 0
    assert _run(["preview", "photo.haac", "-o", "preview.png"]) == 0
    assert _run(["credits", "photo.haac"]) == 0
    assert (folder / "again.png").read_bytes() == (folder / "preview.png").read_bytes()
    assert _run(["decompress", "haac1:40x40;7", "-o", "x.png"]) == 1
    assert "there is no repository" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_the_thin_client_can_do_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("cv2", "faiss", "numba", "rembg", "onnxruntime", "skimage"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr("haac_pipeline._extra.find_spec", lambda _: None)
    monkeypatch.setattr("haac_pipeline._compress.quality.find_spec", lambda _: None)
    assert compress("--budget", "200", "--json", "--report", "report.png") == 0
    assert json.loads(capsys.readouterr().out)[0]["ssim"] is None
    for asked in (("--subject-weight", "4"), ("--inline",)):
        assert compress(*asked) == 1
        assert "pip install 'haac[ingest]'" in capsys.readouterr().err
    assert compress("--subject-weight", "1") == 0


@pytest.mark.usefixtures("folder")
def test_weights_are_used_where_there_is_a_segmenter() -> None:
    errors = []
    for arguments in ((), ("--subject-weight", "1")):
        assert compress("-o", "x.haac", *arguments) == 0
        errors.append(squared(from_binary(Path("x.haac").read_bytes()), FACE > 0))
    assert errors[0] < errors[1]


@pytest.mark.usefixtures("folder")
def test_what_does_not_go_together(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in (
        (("--budget", "100", "--quality", "5"), "exclude each other"),
        (("--only-tag", "x"), "none are"),
        (("--fingerprint",), "none are looked for"),
        (("--subject-weight", "1", "--model", "offline"), "none is looked for"),
    ):
        assert compress(*arguments) == 2
        assert message in capsys.readouterr().err
    assert compress("--model", "none") == 1
    assert "tells no subject" in capsys.readouterr().err
    assert compress("--budget", "4") == 1
    assert "the budget is 4" in capsys.readouterr().err
    assert not Path("photo.haac").exists()


@pytest.mark.usefixtures("folder")
def test_inline_elements_move_into_a_repository(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene(200, 150, Colour(0x336699FF))
    scene.element(encode_inline(PHOTO)).resize(90).rotate(30).place(20, 30)
    write_file(Path("photo.haac"), to_binary(scene))
    assert _run(["init"]) == 0
    assert _run(["ingest", "--from", "photo.haac", "-o", "short.haac", "--tags", "a,b", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert (told["ids"], told["new"]) == (["1"], 1)
    assert Path("short.haac").stat().st_size == told["binary_bytes"] < 30 < 1000 < told["before"]
    assert _run(["decompress", "photo.haac", "short.haac", "-o", "out"]) == 0
    assert Path("out/photo.png").read_bytes() == Path("out/short.png").read_bytes()
    capsys.readouterr()
    assert _run(["ingest", "--from", "photo.haac"]) == 0
    assert "new here: 0" in capsys.readouterr().out
    assert _run(["search", "a", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["provenance"]["source"] == "photo.haac"
    assert _run(["verify"]) == 0


@pytest.mark.usefixtures("folder")
def test_what_ingest_from_a_recipe_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert compress() == 0
    assert _run(["init"]) == 0
    for arguments, code, message in (
        (("--from", "photo.haac"), 1, "brings no element along"),
        (("--from", "gone.haac"), 1, "gone.haac"),
        (("--from", "photo.haac", "photo.png"), 2, "does not go with --from"),
        (("--from", "photo.haac", "--dry-run"), 2, "--dry-run does not go with --from"),
        (("--from", "photo.haac", "-o", "x.png"), 2, "no name for a recipe"),
        (("--from", "photo.haac", "-o", "gone/x.haac"), 1, "there is no folder gone"),
        (("photo.png", "-o", "x.haac"), 2, "-o goes with --from"),
        ((), 2, "Give pictures"),
    ):
        assert _run(["ingest", *arguments]) == code
        assert message in capsys.readouterr().err
    assert _run(["stats", "--json"]) == 0


def test_a_missing_repository_is_told() -> None:
    with pytest.raises(ElementNotFoundError, match="element 3"):
        render(Scene(10, 10, None, [Layer(3)]), NO_ELEMENTS)


@pytest.mark.usefixtures("folder")
def test_where_a_segmenter_does_not_load_the_embedded_one_tells_the_subject(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise MissingExtraError("onnxruntime cannot be loaded (it is broken)")

    monkeypatch.setattr("haac_pipeline._segment.subject.best_here", lambda _say: "u2netp")
    monkeypatch.setattr("haac_pipeline._segment.inference.load_runtime", broken)
    assert compress("--budget", "200") == 0
    told = capsys.readouterr().err
    assert (
        "onnxruntime cannot be loaded (it is broken). The embedded model `offline` tells the subject" in told
    )
