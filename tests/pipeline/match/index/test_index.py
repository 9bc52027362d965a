"""The match index: what it costs, that it follows the catalog, and that nobody else minds it."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac._cli.main import _run
from haac_match._index import index
from haac_match._index.describe import Rows, described, unpacked_looks, unpacked_places
from haac_match._index.index import load, survey_index, update_index
from haac_match._index.keypoints import features
from haac_match._index.store import FOLDER, Stored, read
from haac_match._thresholds.index import INVERTED
from haac_pipeline._describe import describe
from haac_pipeline._engine.workers import Workers
from haac_repo import NewElement, Repository, encode, pixel_hash, verify
from haac_repo._mirror.sync import sync
from haac_repo._publish.publish import publish
from haac_repo._serve.server import Server


def drawn(seed: int, side: int = 40, *, opaque: bool = False) -> Image.Image:
    """Spots on a transparent or a grey ground, other for each seed."""
    lot = np.random.default_rng(seed)
    image = Image.new("RGBA", (side, side + 7), (90, 90, 90, 255) if opaque else (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    for _ in range(9):
        x, y = lot.integers(0, side - 8, 2)
        w, h = lot.integers(5, side // 2, 2)
        colour = tuple(int(c) for c in lot.integers(0, 256, 3))
        draw.ellipse((int(x), int(y), int(x + w), int(y + h)), fill=(*colour, 255))
    return image


def add(repository: Repository, images: Iterable[Image.Image]) -> None:
    with repository.writer() as writer:
        for image in images:
            pixels = encode(image)
            writer.add(
                NewElement(
                    data=pixels,
                    width=image.width,
                    height=image.height,
                    pixels_sha256=pixel_hash(image),
                    tags=("drawn",),
                )
            )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.create(tmp_path / "repo")
    add(made, [*(drawn(seed) for seed in range(8)), drawn(100, opaque=True)])
    return made


@pytest.fixture
def quantised(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the catalog were a large one."""
    monkeypatch.setattr(index, "INVERTED", replace(INVERTED, exact=0))


def file(repository: Repository) -> Path:
    return repository.path / FOLDER / "index.npz"


def same(a: Rows, b: Rows) -> bool:
    return all(
        np.array_equal(getattr(a, f.name), getattr(b, f.name), equal_nan=f.name == "frames")
        for f in fields(a)
    )


def test_it_says_what_the_prototype_of_an_element_is(repository: Repository) -> None:
    index = load(repository)
    assert index.gallery.numbers.tolist() == list(range(1, 10))
    assert index.gallery.sizes[0].tolist() == list(repository.image(1).size)
    assert index.photographs.tolist() == [9]
    assert index.thumbnails.shape == (1, 24, 24, 3)
    assert len(index.places) == len(index.owners) == index.words.ntotal > 20


def test_keypoints_come_back_as_they_were() -> None:
    image = drawn(3, 90, opaque=True)
    rows = described(1, pixel_hash(image), image)
    padded = np.pad(np.asarray(image)[:, :, :3], ((12, 12), (12, 12), (0, 0)), constant_values=128)
    found = features(padded, most=96)
    places = unpacked_places(rows)
    assert len(places) > 10
    np.testing.assert_allclose(places[:, :2], found.places[:, :2] - 12, atol=0.01)
    np.testing.assert_allclose(places[:, 2], found.places[:, 2], rtol=1e-3)
    np.testing.assert_allclose(np.cos(places[:, 3]), np.cos(found.places[:, 3]), atol=1e-3)
    np.testing.assert_allclose(unpacked_looks(rows.looks), found.looks, atol=0.003)


@pytest.mark.parametrize("how", ["exact", "quantised"])
def test_an_element_is_found_by_its_keypoints(
    repository: Repository, how: str, request: pytest.FixtureRequest
) -> None:
    if how == "quantised":
        request.getfixturevalue("quantised")
        add(repository, (drawn(seed, 70) for seed in range(20, 60)))
    number = 4
    canvas = Image.new("RGB", (160, 160), (128, 128, 128))
    canvas.paste(repository.image(number), (50, 60), repository.image(number))
    index = load(repository)
    assert bool(len(stored(repository).quantiser)) == (how == "quantised")
    best = index.votes(features(np.asarray(canvas)), 6, 60)[0]
    width, height = repository.image(number).size
    assert index.gallery.numbers[best.row] == number
    assert not best.mirrored
    assert abs(best.x - 50 - width / 2) < 2
    assert abs(best.y - 60 - height / 2) < 2


def stored(repository: Repository) -> Stored:
    found, damage = read(repository)
    assert found is not None, damage
    return found


def test_what_is_not_new_is_not_described_again(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert update_index(repository).described == 9
    before = file(repository).stat().st_mtime_ns
    asked = watched(monkeypatch)
    assert update_index(repository).described == 0
    load(repository)
    assert not asked
    assert file(repository).stat().st_mtime_ns == before
    add(repository, [drawn(200), drawn(201)])
    assert survey_index(repository).missing == 2
    assert load(repository).gallery.numbers.tolist() == list(range(1, 12))
    assert asked == [10, 11]


def watched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The elements whose bytes are asked for from now on."""
    asked: list[int] = []
    real: Callable[[Repository, int], bytes] = Repository.data

    def data(self: Repository, number: int) -> bytes:
        asked.append(number)
        return real(self, number)

    monkeypatch.setattr(Repository, "data", data)
    return asked


@pytest.mark.usefixtures("quantised")
def test_the_file_follows_from_the_catalog_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "INVERTED", replace(INVERTED, exact=0, first_step=40, enough=0))
    images = [drawn(seed, 70) for seed in range(59)]
    grown, whole = (Repository.create(tmp_path / name) for name in ("grown", "whole"))
    for first, last in ((0, 40), (40, 50), (50, 59)):
        add(grown, images[first:last])
        assert update_index(grown).described == last - first
    add(whole, images)
    update_index(whole)
    assert len(stored(whole).quantiser)
    assert len(stored(whole).rows.looks) > 500
    assert same(stored(grown).rows, stored(whole).rows)
    first_bytes = file(whole).read_bytes()
    update_index(whole, rebuild=True, run=partial(describe, Workers(jobs=2)))
    assert file(whole).read_bytes() == first_bytes


@pytest.mark.usefixtures("quantised")
def test_quantisers_are_learned_again_after_growth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "INVERTED", replace(INVERTED, exact=0, first_step=40))
    repository = Repository.create(tmp_path / "repo")
    add(repository, (drawn(seed, 60) for seed in range(50)))
    update_index(repository)
    assert stored(repository).step == 40
    add(repository, (drawn(seed, 60) for seed in range(50, 59)))
    assert update_index(repository).described == 9
    add(repository, [drawn(60, 60)])
    assert update_index(repository).described == 60
    assert stored(repository).step == 60


@pytest.mark.usefixtures("quantised")
def test_an_element_costs_at_most_4_kb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "FLOOR_BYTES", 0)
    lot = np.random.default_rng(5)
    repository = Repository.create(tmp_path / "repo")
    noise = []
    for _ in range(150):
        image = Image.fromarray(lot.integers(0, 256, (28, 28, 3), np.uint8)).resize((64, 64)).convert("RGBA")
        image.putpixel((0, 0), (0, 0, 0, 0))
        noise.append(image)
    add(repository, noise)
    done = update_index(repository)
    assert len(described(1, pixel_hash(noise[0]), noise[0]).places) >= 96, "more than there is room for"
    assert 0.8 * 4000 < done.bytes / 150 <= 4000
    assert stored(repository).rows.counts.min() >= 1


def test_a_small_catalog_costs_at_most_4_mb_and_is_searched_exactly(repository: Repository) -> None:
    assert update_index(repository).bytes < 4_000_000
    assert not len(stored(repository).quantiser)


def test_withdrawn_elements_are_left_out(repository: Repository) -> None:
    update_index(repository)
    with repository.writer() as writer:
        writer.withdraw(2, "no")
        writer.withdraw(9, "no")
    index = load(repository)
    assert index.gallery.numbers.tolist() == [1, 3, 4, 5, 6, 7, 8]
    assert not len(index.photographs)
    assert len(index.thumbnails) == 0
    assert index.owners.max() == 6
    assert index.words.ntotal == len(index.owners)
    assert update_index(repository).elements == 7


@pytest.mark.parametrize("mend", [load, update_index])
def test_what_withdrawn_elements_look_like_leaves_the_file(
    repository: Repository, mend: Callable[[Repository], object]
) -> None:
    """Thumbnails of opaque ones among it: using the index does, or making it anew."""
    update_index(repository)
    assert len(stored(repository).rows.thumbnails) == 1
    with repository.writer() as writer:
        writer.withdraw_all([2, 9], "no")
    publish(repository)
    mend(repository)
    left = stored(repository).rows
    assert left.numbers.tolist() == [1, 3, 4, 5, 6, 7, 8]
    assert len(left.thumbnails) == 0
    assert len(left.places) == len(left.looks) == left.counts.sum()
    with repository.writer() as writer:
        writer.withdraw_all(left.numbers.tolist(), "all")
    mend(repository)
    assert len(stored(repository).rows) == 0


def test_an_id_that_was_given_again_after_a_discard_is_described_anew(repository: Repository) -> None:
    update_index(repository)
    with repository.writer() as writer:
        writer.discard([3, 9])
    add(repository, [drawn(60)])  # 9 again
    assert survey_index(repository).missing == 1
    assert update_index(repository).described == 1
    grown = load(repository)
    assert grown.gallery.numbers.tolist() == [1, 2, 4, 5, 6, 7, 8, 9]
    update_index(repository, rebuild=True)
    made = load(repository)
    assert np.array_equal(grown.gallery.sizes, made.gallery.sizes)
    assert np.array_equal(grown.places, made.places)
    assert np.array_equal(grown.owners, made.owners)


def test_an_element_that_shows_nothing_is_described_once(repository: Repository) -> None:
    faint = np.zeros((9, 9, 4), np.uint8)
    faint[..., 3] = 3
    add(repository, [Image.fromarray(faint)])
    assert update_index(repository).described == 10
    assert update_index(repository).described == 0
    assert 10 not in load(repository).gallery.index


def test_an_empty_catalog_has_an_empty_index(tmp_path: Path) -> None:
    index = load(Repository.create(tmp_path / "repo"))
    assert not len(index.gallery.numbers)
    assert index.votes(features(np.asarray(drawn(1).convert("RGB"))), 6, 60) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: b"junk",
        lambda data: data[: len(data) // 2],
        lambda data: data[: len(data) // 2] + bytes(64) + data[len(data) // 2 + 64 :],
    ],
)
def test_a_damaged_file_is_made_again(repository: Repository, spoil: Callable[[bytes], bytes]) -> None:
    update_index(repository)
    good = file(repository).read_bytes()
    file(repository).write_bytes(spoil(good))
    said: list[str] = []
    load(repository, say=said.append)
    assert len(said) == 1
    assert "damaged" in said[0]
    assert file(repository).read_bytes() == good


def test_a_file_of_another_version_or_repository_is_made_again(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("haac_match._index.store.FORMAT", 0)
        update_index(repository)
    said: list[str] = []
    assert update_index(repository, say=said.append).described == 9
    assert "another version" in said[0]
    other = Repository.create(tmp_path / "other")
    shutil.copytree(repository.path / FOLDER, other.path / FOLDER)
    add(other, [drawn(300)])
    assert update_index(other, say=said.append).elements == 1
    assert "another repository" in said[1]


def test_a_number_that_is_given_again_is_described_again(repository: Repository, tmp_path: Path) -> None:
    """As after a catalog was lost before it was published."""
    update_index(repository)
    old = (repository.path / FOLDER / "index.npz").read_bytes()
    again = tmp_path / "again"
    shutil.copytree(repository.path, again)
    (again / FOLDER / "index.npz").unlink()
    with Repository.open(again) as copy:
        from haac_repo._store.schema import CATALOG, connect

        db = connect(again / CATALOG)
        with db.atomic():
            db.execute("update element set pixels = ? where number = 5", ["f" * 64])
        db.close()
        (again / FOLDER / "index.npz").write_bytes(old)
        assert [number for number, _ in copy.held()] == list(range(1, 10))
        assert update_index(copy).described == 1


def test_what_cannot_be_read_is_told_and_left_out(repository: Repository) -> None:
    pack = next((repository.path / "open").glob("*.pack"))
    data = bytearray(pack.read_bytes())
    data[3] ^= 0xFF
    pack.write_bytes(data)
    said: list[str] = []
    done = update_index(repository, say=said.append)
    assert done.unread == [1]
    assert done.elements == 8
    assert "haac verify" in said[0]


def test_a_folder_that_cannot_be_written_is_read_all_the_same(
    repository: Repository,
) -> None:
    (repository.path / FOLDER).write_text("in the way")
    said: list[str] = []
    assert len(load(repository, say=said.append).gallery.numbers) == 9
    assert "cannot be kept" in said[0]


def _update_at(path: Path) -> None:
    with Repository.open(path) as repository:
        update_index(repository)


def test_two_processes_make_one_index(repository: Repository) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_update_at, args=(repository.path,)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
        assert process.exitcode == 0
    assert survey_index(repository) == index.Survey(True, 0, file(repository).stat().st_size, "")
    assert sorted(path.name for path in (repository.path / FOLDER).iterdir()) == ["index.npz", "lock"]


def test_leftovers_of_a_crash_go(repository: Repository) -> None:
    (repository.path / FOLDER).mkdir()
    (repository.path / FOLDER / "index.npz.1234.tmp").write_bytes(b"half")
    update_index(repository)
    assert not list((repository.path / FOLDER).glob("*.tmp"))


def test_nobody_else_minds_it_and_a_mirror_makes_its_own(repository: Repository, tmp_path: Path) -> None:
    publish(repository)
    add(repository, [drawn(400)])  # the second pack
    publish(repository)
    update_index(repository)
    clean = verify(repository)
    assert clean.ok
    assert not clean.notes
    with Server(repository.path, port=0) as server:
        import httpx

        assert httpx.get(f"{server.url}/{FOLDER}/index.npz").status_code == 404
        sync(server.url, tmp_path / "mirror", only=[10])
        with Repository.open(tmp_path / "mirror") as mirror:
            assert not (mirror.path / FOLDER).exists()
            assert load(mirror).gallery.numbers.tolist() == [10], "what it holds"
        sync(server.url, tmp_path / "mirror")
        with Repository.open(tmp_path / "mirror") as mirror:
            assert survey_index(mirror).missing == 9
            assert update_index(mirror).elements == 10
            assert verify(mirror, repair=True).ok
            assert same(stored(mirror).rows, stored(repository).rows)
        sync(server.url, tmp_path / "mirror")
    (repository.path / "catalog.sqlite").unlink()
    repository.close()
    assert _run(["verify", "--repair", "--repo", str(repository.path)]) == 0
    with Repository.open(repository.path) as again:
        assert update_index(again).described == 0


def test_the_command_says_what_it_did(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["index", "--repo", str(repository.path), "--jobs", "1", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["elements"] == said["described"] == 9
    assert said["bytes"] == file(repository).stat().st_size
    assert said["fixed_bytes"] == 0
    assert said["bytes_per_element"] == round(said["bytes"] / 9, 1)
    assert _run(["index", "--repo", str(repository.path)]) == 0
    assert "0 elements described" in capsys.readouterr().out
    assert _run(["index", "--repo", str(repository.path), "--rebuild", "--jobs", "2"]) == 0
    assert "9 elements described" in capsys.readouterr().out


def test_ingest_keeps_it_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo = tmp_path / "repo"
    Repository.create(repo).close()
    (tmp_path / "in").mkdir()
    drawn(1).save(tmp_path / "in" / "a.png")
    ingest = ["ingest", "--repo", str(repo), "--jobs", "1", str(tmp_path / "in")]
    assert _run([*ingest, "--no-index"]) == 0
    assert not (repo / FOLDER).exists()
    drawn(2).save(tmp_path / "in" / "b.png")
    assert _run(ingest) == 0
    with Repository.open(repo) as repository:
        assert survey_index(repository).missing == 0
        assert len(load(repository).gallery.numbers) == 2
    capsys.readouterr()


def test_doctor_tells_its_state(repository: Repository) -> None:
    from haac_pipeline._cli.index import check_index

    def state() -> str:
        return "".join(f"{check.state}: {check.detail}" for check in check_index(repository.path))

    assert state().startswith("note: 9 elements are not in it")
    update_index(repository)
    assert state().startswith("ok: up to date")
    file(repository).write_bytes(b"junk")
    assert state().startswith("note: is damaged")
