"""Finding elements: by words, by colour, by likeness."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haac_repo import Repository
from haac_repo._store.near import HashIndex, oklab
from tests.repo.elements import MakeElement

NAMES = ["red car", "Blue Car", "caravan", "Café au lait", "tree", "", 'O\'Brien -- "x"*']
TAGS = [("vehicle",), ("vehicle", "old timer"), (), ("drink",), ("green", "plant"), ("nameless",), ()]


@pytest.fixture
def stocked(repository: Repository, make_element: MakeElement) -> Repository:
    with repository.writer() as writer:
        for n, (name, tags) in enumerate(zip(NAMES, TAGS, strict=True)):
            writer.add(make_element(n, name=name, tags=tags, phash=n, colour=n * 0x202020))
    return repository


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("car", {1, 2, 3}),
        ("CAR blue", {2}),
        ("cafe", {4}),
        ("CAFÉ", {4}),
        ("vehicle", {1, 2}),
        ("vehicle car timer", {2}),
        ("old", {2}),
        ("nameless", {6}),
        ("tree car", set()),
        ("brien", {7}),
        ('o"brien', set()),
        ("name:tree", set()),
        ("tree OR car", set()),
        ("NOT tree", set()),
        ("(", set()),
        ("", {1, 2, 3, 4, 5, 6, 7}),
    ],
)
def test_words(stocked: Repository, words: str, found: set[int]) -> None:
    assert {element.number for element in stocked.search(words)} == found


@given(words=st.text(max_size=30))
def test_no_words_upset_the_search(words: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    global _shared
    if _shared is None:
        _shared = Repository.create(tmp_path_factory.mktemp("search") / "r")
    assert _shared.search(words) == _shared.search(words, colour=0) == []


_shared: Repository | None = None


@pytest.fixture(scope="module", autouse=True)
def _close_shared() -> Iterator[None]:
    yield
    if _shared is not None:
        _shared.close()


def test_the_best_match_comes_first(repository: Repository, make_element: MakeElement) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1, name="a car beside a tree beside a house beside a lake"))
        writer.add(make_element(2, name="car"))
    assert [element.number for element in repository.search("car")] == [2, 1]
    assert [element.number for element in repository.search("car", limit=1)] == [2]


def test_the_index_follows_changes(stocked: Repository) -> None:
    with stocked.writer() as writer:
        writer.tag(5, name="oak", add=["leaf"])
        writer.withdraw(1, "gone")
    assert [e.number for e in stocked.search("tree")] == []
    assert [e.number for e in stocked.search("oak leaf plant")] == [5]
    assert {e.number for e in stocked.search("car")} == {2, 3}
    assert 1 not in {e.number for e in stocked.search(colour=0)}


def test_colour(stocked: Repository) -> None:
    assert [e.number for e in stocked.search(colour=0x212121, limit=3)] == [2, 3, 4]
    assert [e.number for e in stocked.search("car", colour=0x404040)] == [3, 2, 1]
    assert stocked.search("tree car", colour=0) == []


def test_colour_goes_by_looks_not_by_numbers(repository: Repository, make_element: MakeElement) -> None:
    colours = [0xFF8800, 0xFFAA44, 0x8800FF, 0xFF0088, 0x884400]
    with repository.writer() as writer:
        for n, colour in enumerate(colours):
            writer.add(make_element(n, colour=colour))
        writer.add(make_element(9))  # of no known colour
    assert [e.colour for e in repository.search(colour=0xFF9010)][:2] == [0xFF8800, 0xFFAA44]
    assert len(repository.search(colour=0)) == 5


def test_oklab_of_known_colours() -> None:
    """White, black and sRGB red, as given by Ottosson's reference code."""
    found = oklab(np.array([0xFFFFFF, 0x000000, 0xFF0000]))
    expected = [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.627955, 0.224863, 0.125846]]
    assert np.allclose(found, expected, atol=1e-5)


def test_oklab_hue_order() -> None:
    def angle(hue: float) -> float:
        red, green, blue = (round(c * 255) for c in colorsys.hsv_to_rgb(hue, 1, 1))
        _, a, b = oklab(np.array([red << 16 | green << 8 | blue]))[0]
        return float(np.arctan2(b, a))

    angles = np.unwrap([angle(hue / 12) for hue in range(12)])
    assert (np.diff(angles) > 0).all()


@pytest.mark.parametrize("numpy_1", [False, True])
def test_bits_are_counted_with_any_numpy(numpy_1: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if numpy_1 and hasattr(np, "bitwise_count"):
        monkeypatch.delattr(np, "bitwise_count")
    index = HashIndex()
    for number, phash in enumerate([2**64 - 1, 0, 1, 2**63 | 1], 1):
        index.add(number, phash)
    assert index.near(0, 2) == [2, 3, 4]


@given(st.lists(st.integers(0, 2**64 - 1), max_size=60), st.integers(0, 2**64 - 1), st.integers(0, 64))
def test_hash_index_is_the_hamming_distance(hashes: list[int], asked: int, distance: int) -> None:
    index = HashIndex()
    for number, phash in enumerate(hashes, 1):
        index.add(number, phash)
    near = [(bin(h ^ asked).count("1"), n) for n, h in enumerate(hashes, 1)]
    assert index.near(asked, distance) == [n for d, n in sorted(near) if d <= distance]


def test_near_sees_what_came_since_and_not_what_was_withdrawn(
    repository: Repository, make_element: MakeElement
) -> None:
    top = 2**63
    with repository.writer() as writer:
        writer.add(make_element(1, phash=top))
        writer.add(make_element(2))
        assert [e.number for e in writer.near(top | 1, 1)] == [1]  # not flushed yet
        writer.add(make_element(3, phash=top | 3))
        assert [e.number for e in writer.near(top, 2)] == [1, 3]
        writer.flush()
        assert [e.number for e in writer.near(top, 2)] == [1, 3]
        assert [e.number for e in repository.near(top, 2)] == [1, 3]
        writer.add(make_element(4, phash=top | 7))
        writer.flush()
        assert [e.number for e in repository.near(top | 7, 1)] == [4, 3]
        writer.withdraw(3, "gone")
        assert [e.number for e in repository.near(top | 7, 1)] == [4]
        assert [e.number for e in writer.near(top | 7, 1)] == [4]
        assert writer.near(0, 0) == []


def test_the_hash_index_grows() -> None:
    index = HashIndex()
    values = [int(v) for v in np.random.default_rng(5).integers(0, 2**63, 5000)]
    for number, value in enumerate(values, 1):
        index.add(number, value)
    assert all(
        index.near(value, 0) == [number] for number, value in enumerate(values[::500], 1) if number == 1
    )
    assert index.near(values[4321], 0) == [4322]


def test_doubtful_ones_are_found_the_worst_first(repository: Repository, make_element: MakeElement) -> None:
    judged = [(90, ()), (30, ("soft",)), (10, ("a speck", "soft")), (None, ())]
    with repository.writer() as writer:
        for n, (quality, doubts) in enumerate(judged):
            writer.add(make_element(n, name=f"cup {n}", colour=n * 0x202020, quality=quality, doubts=doubts))
    assert [e.number for e in repository.search(doubtful=True)] == [3, 2]
    assert [e.number for e in repository.search(doubtful=True, limit=1)] == [3]
    assert {e.number for e in repository.search("cup", doubtful=True)} == {2, 3}
    assert [e.number for e in repository.search("0", doubtful=True)] == []
    assert [e.number for e in repository.search(colour=0x202020, doubtful=True)] == [2, 3]
    with repository.writer() as writer:
        writer.withdraw(3, "blurred")
    assert [e.number for e in repository.search(doubtful=True)] == [2]
