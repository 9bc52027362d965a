"""Searching by other forms of a word and by the nearest spelling."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haac_repo import Repository, publish, sync, verify
from haac_repo._search.vocabulary import edit_distance
from haac_repo._store.schema import MIGRATIONS
from tests.repo.elements import MakeElement

NAMES = [
    "cat",
    "caterpillar",
    "kitchen knife",
    "berry",
    "mouse",
    "wolf face",
    "two buses",
    "giraffe",
    "Café",
    "t-shirt",
]


@pytest.fixture
def stocked(repository: Repository, make_element: MakeElement) -> Repository:
    with repository.writer() as writer:
        for n, name in enumerate(NAMES):
            writer.add(make_element(n, name=name, tags=("picture",), colour=n))
    return repository


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("cats", {"cat"}),
        ("CATS", {"cat"}),
        ("cat", {"cat", "caterpillar"}),
        ("knives", {"kitchen knife"}),
        ("kitchens knives", {"kitchen knife"}),
        ("kitchen knives picture", {"kitchen knife"}),
        ("berries", {"berry"}),
        ("mice", {"mouse"}),
        ("wolves", {"wolf face"}),
        ("faces ( wolves", {"wolf face"}),
        ("bus", {"two buses"}),
        ("cafes", {"Café"}),
        ("cafés", {"Café"}),
        ("giraf", {"giraffe"}),
        ("cats mice", set()),
        ("ca" * 600, set()),
        ("cats,", {"cat"}),
        ("(cats)", {"cat"}),
        ("cat's", {"cat"}),
        ("mouse\N{RIGHT SINGLE QUOTATION MARK}s!", {"mouse"}),
        ("mice; knives.", set()),
        ("knives, kitchens", {"kitchen knife"}),
        ("t-shirts", {"t-shirt"}),
        ("T-Shirts.", {"t-shirt"}),
        ("kitchen-knives", {"kitchen knife"}),
        ("s's", set()),
        ("cats \udcff", {"cat"}),
        ("\udcff\udcfe", set()),
    ],
)
def test_other_forms(stocked: Repository, words: str, found: set[str]) -> None:
    assert {element.name for element in stocked.search(words)} == found
    assert {element.name for element in stocked.search(words, colour=0)} == found


@pytest.mark.parametrize(
    ("words", "found"),
    [("cat", {"cat"}), ("cats", set()), ("Knife", {"kitchen knife"}), ("kni", set()), ('"(', set())],
)
def test_exact_words_are_those_written(stocked: Repository, words: str, found: set[str]) -> None:
    assert {element.name for element in stocked.search(words, exact=True)} == found
    assert {element.name for element in stocked.search(words, exact=True, colour=0)} == found


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("girafe", "giraffe"),
        ("girafe,", "giraffe"),
        ("girrafe", "giraffe"),
        ("grifafe", "giraffe"),
        ("iraffe", "giraffe"),
        ("jrafe", ""),
        ("agiraffe", "giraffe"),
        ("agirafe", ""),
        ("raffle", ""),
        ("kitcen knives", "kitchen knives"),
        ("mousse picture", "mouse picture"),
        ("mouse picture", ""),
        ("mosue", "mouse"),
        ("cta", ""),  # too short
        ("xxxxxxx", ""),
        ("kitcen xxxxxxx", ""),
        ("cat mouse", ""),
        ("", ""),
        ('("', ""),
    ],
)
def test_the_nearest_spelling(stocked: Repository, words: str, meant: str) -> None:
    assert stocked.did_you_mean(words) == meant


def test_of_equally_near_words_the_commonest_counts(
    repository: Repository, make_element: MakeElement
) -> None:
    with repository.writer() as writer:
        for n, name in enumerate(["table", "cable", "cable"]):
            writer.add(make_element(n, name=name))
    assert repository.did_you_mean("xable") == "cable"


@given(words=st.text(max_size=30))
def test_no_words_upset_the_spelling(words: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with Repository.create(tmp_path_factory.mktemp("spelling") / "r") as empty:
        assert empty.did_you_mean(words) == ""
        assert empty.search(words, exact=True) == []


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("", "", 0),
        ("cat", "cat", 0),
        ("cat", "act", 1),
        ("cat", "cart", 1),
        ("abcdef", "abc", 3),
        ("ca", "abc", 3),
    ],
)
def test_edit_distance(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other, 3) == edit_distance(other, one, 3) == distance
    if distance:
        assert edit_distance(one, other, distance - 1) > distance - 1


def test_a_catalog_is_not_changed_by_searching(stocked: Repository) -> None:
    before = stocked._db.execute("select type, name, sql from sqlite_master").fetchall()
    assert stocked.search("cats")
    assert stocked.did_you_mean("mosue")
    assert stocked._db.execute("select type, name, sql from sqlite_master").fetchall() == before
    assert not stocked._db.conn.in_transaction
    assert stocked._db.execute("pragma user_version").fetchone()[0] == len(MIGRATIONS)
    assert verify(stocked).ok


def test_what_is_added_meanwhile_is_found(stocked: Repository, make_element: MakeElement) -> None:
    assert stocked.did_you_mean("elephnat") == ""
    with Repository.open(stocked.path) as other, other.writer() as writer:
        writer.add(make_element(90, name="elephant"))
    assert stocked.did_you_mean("elephnat") == "elephant"
    assert [element.name for element in stocked.search("elephants")] == ["elephant"]


def test_a_catalog_on_a_read_only_medium_is_searched_too(stocked: Repository) -> None:
    """As `connect_to` opens it where SQLite can make no files."""
    stocked.close()
    from haac_repo._search.vocabulary import nearest
    from haac_repo._store import catalog
    from haac_repo._store.schema import CATALOG, connect

    db = connect(stocked.path / CATALOG, immutable=True)
    try:
        with pytest.raises(sqlite3.OperationalError):
            db.execute("update meta set elements = 0")
        assert [element.name for element in catalog.search(db, "cats", 5)] == ["cat"]
        assert nearest(db, "mosue") == "mouse"
    finally:
        db.close()


def test_a_mirror_is_searched_too(stocked: Repository, tmp_path: Path) -> None:
    publish(stocked)
    sync(str(stocked.path / "public"), tmp_path / "mirror")
    with Repository.open(tmp_path / "mirror") as mirror:
        assert [element.name for element in mirror.search("knives")] == ["kitchen knife"]
        assert mirror.did_you_mean("mosue") == "mouse"
