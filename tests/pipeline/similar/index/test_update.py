"""The similar index follows the catalog: what is new, gone, damaged, or made of photographs that are not there any more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from haac_repo import HaacError, Provenance, Repository
from haac_similar import Embedder, open_similar_index, survey_similar_index, update_similar_index
from haac_similar._index import update
from haac_similar._index.index import Rows, Stored, path, read, write
from tests.pipeline.similar.embed.networks import put_in_table
from tests.repo.elements import element_from

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

NETWORK = "tiny"
SEEDS = (33, 37, 38, 56)
"""Of pictures that the tiny network tells apart."""


@pytest.fixture
def embedder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Embedder:
    put_in_table(tmp_path / "weights", monkeypatch, NETWORK)
    return Embedder(NETWORK)


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    with Repository.create(tmp_path / "repo") as made:
        add(made, *(picture(seed) for seed in SEEDS))
        yield made


def picture(seed: int) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (3, 3, 3), np.uint8)
    made = Image.fromarray(values).resize((30, 20), Image.Resampling.NEAREST).convert("RGBA")
    made.putpixel((0, 0), (0, 0, 0, 0))
    return made


def add(
    repository: Repository, *images: Image.Image, source: Path | None = None, tags: tuple[str, ...] = ()
) -> list[int]:
    """Store elements; of a photograph if a source is given."""
    about = Provenance()
    if source is not None:
        about = Provenance(
            source=str(source), source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(), model="m"
        )
    with repository.writer() as writer:
        return [writer.add(element_from(image, provenance=about, tags=tags))[0].number for image in images]


def rows(repository: Repository) -> Rows:
    stored, damage = read(repository, NETWORK)
    assert stored is not None, damage
    return stored.rows


def test_all_elements_are_embedded_once(repository: Repository, embedder: Embedder) -> None:
    assert survey_similar_index(repository, NETWORK).missing == 4
    told: list[int] = []
    done = update_similar_index(repository, embedder, progress=told.append)
    assert (done.elements, done.described, done.unread, sum(told)) == (4, 4, [], 4)
    assert done.bytes == path(repository).stat().st_size
    before = path(repository).read_bytes()
    assert update_similar_index(repository, embedder).described == 0
    assert path(repository).read_bytes() == before
    survey = survey_similar_index(repository, NETWORK)
    assert (survey.there, survey.missing, survey.damage) == (True, 0, "")


def test_each_is_nearest_to_its_own_picture(repository: Repository, embedder: Embedder) -> None:
    update_similar_index(repository, embedder)
    index = open_similar_index(repository, embedder)
    found = [index.nearest(embedder.embed([picture(seed)]), 1)[0][0] for seed in SEEDS]
    assert found == [1, 2, 3, 4]


def test_without_an_index_it_says_how_to_make_it(repository: Repository, embedder: Embedder) -> None:
    with pytest.raises(HaacError, match="`haac index --similar` makes it"):
        open_similar_index(repository, embedder)


def test_new_elements_are_embedded_when_it_is_opened(repository: Repository, embedder: Embedder) -> None:
    update_similar_index(repository, embedder)
    (number,) = add(repository, picture(9))
    index = open_similar_index(repository, embedder)
    assert index.nearest(embedder.embed([picture(9)]), 1)[0][0] == number
    assert len(rows(repository)) == 5


def test_withdrawn_elements_leave_the_index_and_its_file(repository: Repository, embedder: Embedder) -> None:
    update_similar_index(repository, embedder)
    with repository.writer() as writer:
        writer.withdraw(2, "a test")
    index = open_similar_index(repository, embedder)
    assert {number for number, _ in index.nearest(embedder.embed([picture(1)]), 9)} == {1, 3, 4}
    assert rows(repository).numbers.tolist() == [1, 3, 4]


def test_a_number_that_was_given_again_is_embedded_again(repository: Repository, embedder: Embedder) -> None:
    update_similar_index(repository, embedder)
    stored, _ = read(repository, NETWORK)
    assert stored is not None
    stored.rows.marks[1] ^= 1
    write(repository, NETWORK, stored)
    assert survey_similar_index(repository, NETWORK).missing == 1
    assert update_similar_index(repository, embedder).described == 1


def test_an_element_that_cannot_be_read_is_counted(repository: Repository, embedder: Embedder) -> None:
    (pack,) = repository.path.rglob("*.pack")
    data = repository.data(3)
    pack.write_bytes(pack.read_bytes().replace(data, data[:-1] + bytes([data[-1] ^ 1])))
    said: list[str] = []
    done = update_similar_index(repository, embedder, say=said.append)
    assert (done.elements, done.described, done.unread) == (3, 3, [3])
    assert "1 elements could not be embedded" in said[0]


# Photographs


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    file = tmp_path / "photo.png"
    picture(50).convert("RGB").save(file)
    return file


def test_a_photograph_that_is_still_there_is_embedded(
    repository: Repository, embedder: Embedder, photograph: Path
) -> None:
    (number,) = add(repository, picture(20), source=photograph)
    add(repository, picture(22), source=photograph, tags=("background",))
    update_similar_index(repository, embedder)
    assert rows(repository).photographs.tolist() == [False] * 4 + [True, False]
    found = open_similar_index(repository, embedder).nearest(embedder.embed([Image.open(photograph)]), 1)
    assert found[0][0] == number


def test_elements_of_one_photograph_are_told_apart(
    repository: Repository, embedder: Embedder, photograph: Path
) -> None:
    add(repository, picture(20), picture(21), source=photograph)
    update_similar_index(repository, embedder)
    assert not rows(repository).photographs.any()


def test_rows_of_photographs_stay_when_these_are_gone(
    repository: Repository, embedder: Embedder, photograph: Path
) -> None:
    (number,) = add(repository, picture(20), source=photograph)
    update_similar_index(repository, embedder)
    code = rows(repository).codes[-1].tolist()
    photograph.unlink()
    done = update_similar_index(repository, embedder, rebuild=True)
    assert (done.elements, done.described) == (5, 4)
    assert rows(repository).codes[-1].tolist() == code
    with repository.writer() as writer:
        writer.withdraw(number, "a test")
    update_similar_index(repository, embedder)
    assert not rows(repository).photographs.any()


@pytest.mark.parametrize("change", ["other bytes", "no picture", "a folder", "an animation"])
def test_what_is_not_that_photograph_is_not_embedded(
    repository: Repository, embedder: Embedder, photograph: Path, change: str
) -> None:
    if change == "an animation":
        frames = [picture(seed).convert("RGB") for seed in (60, 61)]
        frames[0].save(photograph, "PNG", save_all=True, append_images=frames[1:])
    elif change == "no picture":
        photograph.write_bytes(b"words")
    add(repository, picture(20), source=photograph)
    if change == "other bytes":
        photograph.write_bytes(photograph.read_bytes() + b" ")
    elif change == "a folder":
        photograph.unlink()
        photograph.mkdir()
    done = update_similar_index(repository, embedder)
    assert (done.elements, done.unread) == (5, [])
    assert not rows(repository).photographs.any()


# Damage


def test_a_damaged_index_is_made_again(repository: Repository, embedder: Embedder) -> None:
    update_similar_index(repository, embedder)
    whole = path(repository).read_bytes()
    path(repository).write_bytes(whole[: len(whole) // 2])
    said: list[str] = []
    open_similar_index(repository, embedder, say=said.append)
    assert len(said) == 1
    assert "the similar index is damaged" in said[0]
    assert said[0].endswith("it is made again")
    assert path(repository).read_bytes() == whole


def swapped(stored: Stored) -> None:
    stored.rows.numbers[:2] = stored.rows.numbers[1::-1]


def unknown_class(stored: Stored) -> None:
    stored.rows.classes[1, 0] = 999


def infinite(stored: Stored) -> None:
    stored.rows.scales[0] = np.inf


def no_number(stored: Stored) -> None:
    stored.projection[0, 0] = np.nan


def enormous(stored: Stored) -> None:
    stored.rows.scales[0] = 3e38


def negative_scale(stored: Stored) -> None:
    stored.rows.scales[0] = -1


def twice(stored: Stored) -> None:
    stored.rows.numbers[1] = stored.rows.numbers[0]


def wrapping(stored: Stored) -> None:
    stored.rows.numbers[1] = np.iinfo(np.int64).min


_IMPOSSIBLE = [swapped, unknown_class, infinite, no_number, enormous, negative_scale, twice, wrapping]


@pytest.mark.parametrize("change", _IMPOSSIBLE, ids=lambda change: change.__name__)
def test_values_that_cannot_be_are_damage(repository: Repository, embedder: Embedder, change: object) -> None:
    update_similar_index(repository, embedder)
    stored, _ = read(repository, NETWORK)
    assert stored is not None
    assert callable(change)
    change(stored)
    write(repository, NETWORK, stored)
    assert "is damaged" in survey_similar_index(repository, NETWORK).damage
    assert update_similar_index(repository, embedder).described == 4


@pytest.mark.parametrize("part", ["codes", "scales", "roots", "photographs", "projection"])
def test_shapes_that_do_not_fit_are_damage(repository: Repository, embedder: Embedder, part: str) -> None:
    update_similar_index(repository, embedder)
    with np.load(path(repository)) as file:
        parts = dict(file)
    parts[part] = parts[part][..., :-1]
    with path(repository).open("wb") as raw:
        np.savez(raw, **parts)
    assert "is damaged" in survey_similar_index(repository, NETWORK).damage


def test_an_index_of_another_network_is_made_again(repository: Repository, embedder: Embedder) -> None:
    update_similar_index(repository, embedder)
    stored, _ = read(repository, NETWORK)
    assert stored is not None
    write(repository, "another", stored)
    assert "another version or network" in survey_similar_index(repository, NETWORK).damage
    assert update_similar_index(repository, embedder).described == 4


def test_an_interrupt_costs_only_what_was_not_written(
    repository: Repository, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "_AT_ONCE", 2)

    told: list[int] = []

    def stop(count: int) -> None:
        told.append(count)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update_similar_index(repository, embedder, progress=stop)
    assert rows(repository).numbers.tolist() == [1, 2]
    assert update_similar_index(repository, embedder).described == 2


def test_where_it_cannot_be_kept_it_is_made_in_memory(
    repository: Repository, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    update_similar_index(repository, embedder)
    add(repository, picture(9))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(update, "write", full)
    said: list[str] = []
    index = open_similar_index(repository, embedder, say=said.append)
    assert index.nearest(embedder.embed([picture(9)]), 1)[0][0] == 5
    assert "cannot be kept" in said[0]
