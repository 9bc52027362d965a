"""`haac bench tables`: bytes are those of real files, pixels are counted right, and one bad picture does not stop the others."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac import from_binary
from haac._cli.main import _run
from haac_pipeline._internal import percents_different
from haac_repo import NewElement, Provenance, Repository, encode, pixel_hash
from tests.command_line import Run, run

__all__ = ["run"]

SCRIPT = """from haac import Scene, colour

scene = Scene(96, 64, background=colour("#204060"))
scene.element("1").place(20, 10)
"""


def sticker() -> Image.Image:
    image = Image.new("RGBA", (40, 40))
    draw = ImageDraw.Draw(image)
    draw.ellipse((0, 0, 39, 39), fill="#f0c020")
    draw.rectangle((10, 12, 18, 30), fill="#702010")
    return image


@dataclass(frozen=True)
class Place:
    """A repository of two elements, pictures and scripts."""

    repo: Path
    photos: Path
    scripts: Path

    def arguments(self, *more: object) -> tuple[object, ...]:
        return ("bench", "tables", self.photos, "--repo", self.repo, "--jobs", "1", "--effort", "1", *more)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return made_in(tmp_path)


def made_in(folder: Path) -> Place:
    made = Place(folder / "repo", folder / "photos", folder / "scripts")
    made.photos.mkdir()
    made.scripts.mkdir()
    boat = Image.new("RGB", (96, 64), "#204060")
    boat.paste(sticker(), (20, 10), sticker())
    boat.save(made.photos / "boat.png")
    digest = sha256((made.photos / "boat.png").read_bytes()).hexdigest()
    with Repository.create(made.repo) as repository, repository.writer() as writer:
        for name, source, image in (
            ("yellow", digest, sticker()),
            ("grey", "0" * 64, Image.new("RGBA", (30, 20), "grey")),
        ):
            pixels = pixel_hash(image)
            writer.add(
                NewElement(
                    data=encode(image),
                    width=image.width,
                    height=image.height,
                    pixels_sha256=pixels,
                    name=name,
                    provenance=Provenance(source="boat.png", source_sha256=source),
                )
            )
    (made.scripts / "boat.py").write_text(SCRIPT)
    return made


@pytest.fixture(scope="module")
def measured_place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    made = made_in(tmp_path_factory.mktemp("measured"))
    assert (
        _run([*map(str, made.arguments("--scripts", made.scripts, "-o", made.repo.parent / "t.json", "-q"))])
        == 0
    )
    return made


@pytest.fixture
def measured(measured_place: Place) -> dict[str, Any]:
    """What the command records of one described picture."""
    record: dict[str, Any] = json.loads((measured_place.repo.parent / "t.json").read_text("utf-8"))
    assert record["machine"]["haac"]
    assert record["pictures"] == 1
    return record


def test_bytes_are_those_of_the_files_that_haac_and_pillow_write(
    measured_place: Place, measured: dict[str, Any], run: Run, tmp_path: Path
) -> None:
    place = measured_place
    picture, script = place.photos / "boat.png", place.scripts / "boat.py"
    sizes = measured["rows"][0]["bytes"]
    assert sizes["original"] == picture.stat().st_size
    assert sizes["script"] == len(SCRIPT)
    for column, suffix in (("text", ".txt"), ("binary", ".haac")):
        recipe = tmp_path / f"boat{suffix}"
        assert run("compile", script, "--repo", place.repo, "-o", recipe)[0] == 0
        assert sizes[column] == recipe.stat().st_size
    told = run("explain", tmp_path / "boat.haac", "--repo", place.repo)[1]
    sentences = [line for line in told.splitlines(keepends=True) if not line.startswith("Made for")]
    assert "take yellow (1)" in told
    assert sizes["english"] == len("".join(sentences).encode())
    assert run("compress", picture, "--repo", place.repo, "--effort", 1, "-o", tmp_path / "a.haac")[0] == 0
    assert sizes["automatic"] == (tmp_path / "a.haac").stat().st_size
    settings: dict[str, dict[str, Any]] = {
        "webp_0": {"format": "WEBP", "quality": 0, "method": 6},
        "jpeg_0": {"format": "JPEG", "quality": 0, "optimize": True},
    }
    for column, options in settings.items():
        buffer = io.BytesIO()
        with Image.open(picture) as image:
            image.save(buffer, **options)
        assert sizes[column] == len(buffer.getvalue())


def test_a_picture_that_its_script_describes_exactly_is_not_different(measured: dict[str, Any]) -> None:
    row = measured["rows"][0]
    assert row["different"]["described"] == row["different"]["automatic"] == [0, 0, 0]
    assert row["different"]["jpeg_1"][0] > 0
    stored = len(encode(sticker()))
    assert row["elements"]["described"] == [{"id": "1", "name": "yellow", "own": True, "bytes": stored}]
    assert measured["conclusions"]["text"]["elements"] == {"count": 1, "bytes": stored}


def test_conclusions_stand_beside_those_of_the_paper(measured: dict[str, Any]) -> None:
    conclusions, sizes = measured["conclusions"], measured["rows"][0]["bytes"]
    assert conclusions["paper"] == {"saved_percent": 99.9884, "bytes": 318, "different_percent": 25.22}
    ours = conclusions["binary"]
    assert ours["bytes"] == sizes["binary"]
    assert ours["saved_percent"] == pytest.approx(100 - 100 * sizes["binary"] / sizes["original"], abs=1e-4)
    assert ours["different_percent"] == [0, 0, 0]


def test_pixels_that_are_off_are_counted_for_each_boundary() -> None:
    """Half of the picture is off by 20, an eighth by 30 and as much by 60: resizing blurs the edges between them a little."""
    levels = np.full((1000, 1000, 3), 100, np.uint8)
    other = levels.copy()
    other[:500, :, 0] = 120
    other[500:625, :, 1] = 130
    other[625:750, :, 2] = 40
    found = percents_different(Image.fromarray(levels), Image.fromarray(other), (16, 25, 51, 60))
    assert found == (75.0, 25.0, 12.5, 0.0)


def test_pictures_of_other_sizes_are_compared_at_a_thousand_pixels() -> None:
    left = Image.new("RGB", (10, 10), "black")
    left.paste("white", (0, 0, 5, 10))
    (found,) = percents_different(left, Image.new("RGB", (300, 40), "black"), (25,))
    assert found == pytest.approx(50, abs=5)
    assert percents_different(left, left.copy(), (0,)) == (0.0,)


def test_charts_and_the_sheet_are_drawn(place: Place, run: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    drawn = tmp_path / "drawn"
    code, out, err = run(
        *place.arguments("--scripts", place.scripts, "--plot", drawn / "t.png", "--sheet", drawn / "s.png"),
        *("--keep", tmp_path / "kept"),
    )
    assert code == 0, err
    assert {path.name for path in drawn.iterdir()} == {"t_bytes.png", "t_different.png", "s.png"}
    for path in drawn.iterdir():
        with Image.open(path) as image:
            assert len(image.convert("RGB").getcolors(2**24) or ()) > 20, path  # something is on it
    assert "HAAC" in out
    assert "* shows elements that were cut out of this very picture" in out
    kept = from_binary((tmp_path / "kept" / "boat.described.haac").read_bytes())
    assert kept.elements() == {1}
    with (
        Image.open(tmp_path / "kept" / "boat.described.png") as image,
        Image.open(place.photos / "boat.png") as own,
    ):
        assert image.convert("RGB").tobytes() == own.tobytes()


def test_own_elements_tell_nothing_as_similar_ones(
    monkeypatch: pytest.MonkeyPatch, place: Place, run: Run
) -> None:
    """What was cut out of a picture is not used to tell it."""
    from haac import Layer, Scene
    from haac_evidence._tables import measure

    asked: list[set[int]] = []

    class Teller:
        def __init__(self, *_: object) -> None: ...

        def tell(self, picture: Image.Image, without: set[int]) -> tuple[Scene, str]:
            asked.append(without)
            return Scene(*picture.size, layers=[Layer(2)], similar=True), "like grey"

    monkeypatch.setattr(measure, "Teller", Teller)
    code, out, _ = run(*place.arguments("--json"))
    assert (code, asked) == (0, [{1}])
    row = json.loads(out)["rows"][0]
    (used,) = row["elements"]["similar"]
    assert (used["id"], used["own"]) == ("2", False)
    assert row["like"] == "like grey"
    assert "script" not in row["bytes"]


def test_scripts_beside_pictures_are_not_run_unless_their_folder_is_named(place: Place, run: Run) -> None:
    (place.photos / "boat.py").write_text("raise SystemExit('was run')")
    code, out, err = run(*place.arguments("--json"))
    assert code == 0
    assert "script" not in json.loads(out)["rows"][0]["bytes"]
    assert "1 script beside the pictures, not run" in err


def test_a_picture_that_cannot_be_read_and_a_script_that_fails_are_listed(place: Place, run: Run) -> None:
    (place.photos / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    Image.new("RGB", (20, 20), "red").save(place.photos / "worse.png")
    Image.new("RGB", (20, 20), "red").save(place.photos / "gone.png")
    (place.scripts / "worse.py").write_text("from haac import Scene\n1 / 0\n")
    (place.scripts / "gone.py").write_text(
        'from haac import Scene\nscene = Scene(9, 9)\nscene.element("zz")\n'
    )
    code, out, err = run(*place.arguments("--scripts", place.scripts, "--json"))
    assert code == 1
    found = json.loads(out)
    assert [row["name"] for row in found["rows"]] == ["boat"]
    failed = {Path(name).name: reason for name, reason in found["failed"].items()}
    assert set(failed) == {"broken.png", "worse.png", "gone.png"}
    assert "worse.py, line 2: ZeroDivisionError" in failed["worse.png"]
    assert "zz" in failed["gone.png"]
    errors = [json.loads(line)["error"]["message"] for line in err.splitlines() if line.startswith("{")]
    assert len(errors) == 3


def test_a_folder_without_pictures_says_so(place: Place, run: Run) -> None:
    (place.photos / "boat.png").unlink()
    code, out, err = run(*place.arguments())
    assert (code, out) == (1, "")
    assert "there are no pictures in this folder" in err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("-o", "t.txt"), "must end in .json"),
        (("--plot", "t.pdf"), "must end in .svg or .png"),
        (("--sheet", "t"), "must end in .png or .jpg or .webp"),
    ],
)
def test_names_are_refused_before_anything_is_measured(
    place: Place, run: Run, more: tuple[str, str], said: str
) -> None:
    code, out, err = run(*place.arguments(*more))
    assert (code, out) == (2, "")
    assert said in err


def test_scripts_for_other_pictures_are_refused(place: Place, run: Run) -> None:
    (place.scripts / "boat.py").rename(place.scripts / "ship.py")
    code, _, err = run(*place.arguments("--scripts", place.scripts))
    assert code == 1
    assert "boat.py" in err


def test_the_group_lists_its_commands(run: Run) -> None:
    code, out, _ = run("bench", "--help")
    assert code == 0
    assert "tables" in out
    code, _, err = run("bench", "tabels")
    assert code == 2
    assert "No such command" in err
