"""`haac edit`: an element cut out of its photograph again; what is stored, what is said, what is refused."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")

from haac._cli.main import _run
from haac_pipeline import Cutting, Settings, find_sources, ingest
from haac_repo import Element, NewElement, Repository, Server, encode, pixel_hash, publish, sync

Haac = Callable[..., tuple[int, str, str]]
OFFLINE = Cutting(model="offline")


@pytest.fixture
def haac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Haac:
    """Runs a command in a folder with the repository `haac-repo`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HAAC_REPO", raising=False)
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "no-weights"))
    Repository.create(tmp_path / "haac-repo").close()

    def run(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = _run([*args, *(["--no-index"] if args[0] == "edit" else [])])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


def photograph(size: tuple[int, int] = (320, 200), scale: int = 1) -> Image.Image:
    """An orange disc at the left and a smaller blue one at the right, on grainy grey."""
    width, height = size
    rng = np.random.default_rng(8)
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.full((height, width, 3), 150)
    rgb[np.hypot(x - 90, y - 100) < 50] = (230, 120, 20)
    rgb[np.hypot(x - 245, y - 95) < 36] = (20, 40, 190)
    rgb = rgb + rng.integers(-5, 6, rgb.shape)
    image = Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))
    return image.resize((width * scale, height * scale), Image.Resampling.BICUBIC)


def taken_in(path: str, cutting: Cutting = OFFLINE) -> list[Element]:
    """Ingest a picture in this folder; its elements."""
    with Repository.open("haac-repo") as repository:
        settings = Settings(cutting=cutting, tags=("discs",), licence="CC0-1.0", attribution="Ada", jobs=1)
        report = ingest(repository, find_sources(path), settings)
        assert report.ok, report.files
        return [repository.element(id_) for file in report.files for id_ in file.ids]


def all_elements() -> list[Element]:
    with Repository.open("haac-repo") as repository:
        return list(repository.elements(withdrawn=True))


def picture(id_: str) -> np.ndarray:
    with Repository.open("haac-repo") as repository:
        return np.asarray(repository.image(id_))


def test_the_right_one_of_two_objects_is_cut_anew(haac: Haac) -> None:
    photograph().save("two.png")
    orange, blue = taken_in("two.png")
    code, out, err = haac("edit", blue.id, "--remove", "245,50,60,90")
    assert code == 0, err
    [_, _, new] = all_elements()
    assert new.derived_from == blue.number
    assert out.startswith(f"{new.id}  ")
    assert f"re-cut of {blue.id}" in out
    assert f"haac discard {blue.id}" in err
    assert (new.name, new.tags) == (blue.name, blue.tags) == ("two", ("discs",))
    assert (new.provenance.licence, new.provenance.attribution) == ("CC0-1.0", "Ada")
    assert new.provenance.source_sha256 == blue.provenance.source_sha256
    assert new.provenance.model == f"{blue.provenance.model} + GrabCut with hints"
    assert new.width == pytest.approx(blue.width / 2, abs=4)
    assert new.height == pytest.approx(blue.height, abs=2)
    middle = picture(new.id)[new.height // 2, new.width // 2]
    assert middle[2] > 150 > 100 > middle[0], "blue"
    assert all_elements()[:2] == [orange, blue], "the old ones are as they were"

    assert f"Re-cut of  {blue.id}" in haac("show", new.id)[1]
    assert f"Re-cut as  {new.id}" in haac("show", blue.id)[1]
    assert json.loads(haac("show", blue.id, "--json")[1])["recut_as"] == [new.id]
    assert json.loads(haac("show", orange.id, "--json")[1])["recut_as"] == []


def test_without_another_word_the_same_comes_out_and_nothing_is_stored(haac: Haac) -> None:
    photograph().save("two.png")
    before = taken_in("two.png")
    code, out, _ = haac("edit", before[0].id)
    assert code == 0
    assert "nothing was stored" in out
    assert all_elements() == before


def test_what_was_missed_is_added(haac: Haac) -> None:
    photograph().save("two.png")
    orange, _ = taken_in("two.png")
    code, _, err = haac("edit", orange.id, "--keep", "205,55,80,80")
    assert code == 0, err
    new = all_elements()[-1]
    assert new.width > 220, "both discs: the box stands on the other"
    assert picture(new.id)[:, -20:, 2].max() > 150


@pytest.mark.parametrize(
    ("options", "widths"),
    [
        (["--no-split"], [242]),
        (["--split", "--keep", "90,100"], [100]),
        (["--largest", "--keep", "245,95"], [100]),
    ],
)
def test_which_objects_are_taken(haac: Haac, options: list[str], widths: list[int]) -> None:
    photograph().save("two.png")
    before = taken_in("two.png")
    # The disc loses a corner, so that what comes out is new.
    code, out, err = haac("edit", before[0].id, "--remove", "85,45,10,10", *options, "--json")
    assert code == 0, err
    assert [int(size.partition("x")[0]) for size in json.loads(out)["sizes"]] == pytest.approx(widths, abs=5)
    assert len(all_elements()) == len(before) + len(widths)


def test_places_are_those_of_the_whole_photograph(haac: Haac) -> None:
    photograph(scale=3).save("large.png")
    orange, _ = taken_in("large.png", Cutting(model="offline", max_side=320))
    code, _, err = haac("edit", orange.id, "--max-side", "320", "--remove", "270,100,200,400")
    assert code == 0, err
    new = all_elements()[-1]
    assert new.width == pytest.approx(orange.width / 2, abs=4)
    code, _, err = haac("edit", orange.id, "--remove", "270,100,200,400")
    assert code == 1
    assert "--max-side that it was ingested with" in err


def test_a_dry_run_writes_a_preview_and_stores_nothing(haac: Haac) -> None:
    photograph().save("two.png")
    before = taken_in("two.png")
    code, out, err = haac("edit", before[1].id, "--remove", "245,50,60,90", "--dry-run")
    assert code == 0
    assert "nothing was stored" in out
    assert "preview.png" in err
    assert "Next" not in err
    assert all_elements() == before
    with Image.open("preview.png") as preview:
        wide, high = (preview.width - 48) // 3, (preview.height - 36) // 2
        assert (wide, high) == pytest.approx((before[1].width, before[1].height), abs=1)
        dark, light, _ = ((12 + n * (wide + 12), 12) for n in range(3))
        assert preview.getpixel(dark) == (16, 18, 20)
        assert preview.getpixel(light) == (255, 255, 255)


def test_a_photograph_in_an_archive_is_found(haac: Haac) -> None:
    photograph().save("two.png")
    with zipfile.ZipFile("all.zip", "w") as archive:
        archive.write("two.png", "in/two.png")
    Path("two.png").unlink()
    before = taken_in("all.zip")
    assert haac("edit", before[1].id, "--remove", "245,50,60,90")[0] == 0
    assert len(all_elements()) == 3


def test_a_photograph_that_moved_is_named(haac: Haac) -> None:
    photograph().save("two.png")
    before = taken_in("two.png")
    Path("two.png").rename("moved.png")
    code, _, err = haac("edit", before[1].id, "--remove", "245,50,60,90")
    assert code == 1
    assert "two.png, is not there" in err
    assert "--photo FILE" in err
    assert haac("edit", before[1].id, "--remove", "245,50,60,90", "--photo", "moved.png")[0] == 0
    photograph().rotate(1).save("two.png")
    code, _, err = haac("edit", before[1].id)
    assert code == 1
    assert "SHA-256 differs" in err
    code, _, err = haac("edit", before[1].id, "--photo", "two.png")
    assert code == 1
    assert "two.png is not the photograph of element 2" in err
    assert len(all_elements()) == 3


def test_matting_is_told_in_the_provenance(haac: Haac) -> None:
    pytest.importorskip("pymatting")
    data = pytest.importorskip("skimage").__path__[0]
    shutil.copy(Path(data, "data", "coffee.png"), "coffee.png")
    before = taken_in("coffee.png", Cutting(model="offline", split=False))
    code, out, err = haac("edit", before[0].id, "--matting", "--no-split", "--json")
    assert code == 0, err
    assert json.loads(out)["elements"] == [{"id": "2", "new": True}]
    assert all_elements()[-1].provenance.model == "offline 1 + closed-form matting"


def bare(image: Image.Image) -> NewElement:
    return NewElement(
        data=encode(image), width=image.width, height=image.height, pixels_sha256=pixel_hash(image)
    )


def test_what_cannot_be_cut_anew_is_refused(haac: Haac) -> None:
    photograph().save("two.png")
    taken_in("two.png")
    sticker = Image.new("RGBA", (40, 40))
    sticker.paste((200, 10, 10, 255), (5, 5, 20, 30))
    sticker.save("sticker.png")
    taken_in("sticker.png")
    with Repository.open("haac-repo") as repository, repository.writer() as writer:
        writer.add(bare(Image.new("RGBA", (9, 9), "green")))
        writer.withdraw(1, "not ours")
    before = all_elements()
    for arguments, reason in (
        (["1"], "element 1 was withdrawn: not ours"),
        (["3"], "transparent already"),
        (["4"], "was not made of a photograph"),
        (["5"], "is not in haac-repo"),
        (["2", "--model", "none"], "cuts nothing out"),
        (["2", "--model", "u3net"], "there is no model 'u3net'"),
        (["2", "--keep", "320,10"], "320,10 is not inside the photograph, which has 320x200 pixels"),
        (["2", "--remove", "300,10,30,10"], "300,10,30,10 is not inside"),
        (["2", "--remove", "0,0,320,200"], "nothing is left of element 2"),
        (["2", "--remove", "180,0,140,200"], "nothing is left of element 2"),
    ):
        code, out, err = haac("edit", *arguments, "-o", "out.png")
        assert (code, out) == (1, ""), arguments
        assert reason in err
        assert err.count("Error: ") == 1
    assert all_elements() == before
    assert not Path("out.png").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--keep", "12"], "'12' is no place"),
        (["--keep", "1,2,3"], "'1,2,3' is no place"),
        (["--remove", "-1,2"], "is no place"),
        (["--remove", "1,2,0,4"], "a box without an inside"),
        (["--no-split", "--largest"], "--largest does not go with --no-split"),
        (["-o", "out.jpg"], "must end in .png"),
        (["--photo", "nowhere.jpg"], "does not exist"),
    ],
)
def test_usage(haac: Haac, arguments: list[str], reason: str) -> None:
    code, _, err = haac("edit", "1", *arguments)
    assert code == 2
    assert reason in err


def test_what_was_published_is_to_be_taken_down(haac: Haac, tmp_path: Path) -> None:
    photograph().save("two.png")
    before = taken_in("two.png")
    with Repository.open("haac-repo") as repository:
        assert not repository.is_published(2)
        publish(repository)
        assert repository.is_published(2)
    code, _, err = haac("edit", before[1].id, "--remove", "245,50,60,90")
    assert code == 0
    assert "haac takedown 2 --reason" in err
    with Repository.open("haac-repo") as repository:
        assert not repository.is_published(3)
        assert [element.number for element in repository.recuts(2)] == [3]
        with Server("haac-repo", port=0) as server:
            sync(server.url, tmp_path / "mirror")
    with Repository.open("mirror") as mirror:
        assert mirror.is_published(2)
    code, _, err = haac("edit", "2", "--repo", "mirror")
    assert code == 1
    assert "mirror is a mirror" in err


def test_a_background_is_no_object_of_its_photograph(haac: Haac) -> None:
    photograph().save("two.png")
    *_, plate = taken_in("two.png", Cutting(model="offline", keep_background=True, keep="all"))
    assert plate.name == "two background"
    code, _, err = haac("edit", plate.id)
    assert code == 1
    assert f"element {plate.id} cannot be found in the photograph" in err
