"""Elements in the studio: search in pages, files, thumbnails, withdrawn ones."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from haac_repo import Repository, decode
from haac_studio._server.sessions import Studio
from tests.pipeline.studio.studios import NAMES, Browser, fill, new_element, serving, shape, studio_of


@pytest.fixture
def own(tmp_path: Path, folder: Path) -> Iterator[tuple[Studio, Browser]]:
    """A studio whose repository may be changed."""
    fill(tmp_path / "own")
    with studio_of(tmp_path / "own", folder) as studio, serving(studio) as browser:
        yield studio, browser


def names(client: Browser, **asked: Any) -> list[str]:
    return [element["name"] for element in client.get("/api/elements", params=asked).json()["elements"]]


def test_all_elements_come_in_pages(client: Browser) -> None:
    first = client.get("/api/elements", params={"limit": 2}).json()
    assert first["total"] == len(NAMES)
    assert [element["id"] for element in first["elements"]] == ["1", "2"]
    assert first["elements"][0] == {
        "id": "1",
        "number": 1,
        "name": "red circle",
        "tags": ["shape", "warm"],
        "width": 44,
        "height": 44,
        "colour": "#d02020",
    } | {"width": first["elements"][0]["width"], "height": first["elements"][0]["height"]}
    assert names(client, offset=2) == [name for name, _, _ in NAMES[2:]]
    assert names(client, offset=99) == []


def test_words_find_as_haac_search_does(client: Browser, filled: Path) -> None:
    for words in ("cat", "cats", "shape", "red cir", "mice", "nothing at all", 'a"b*', "NEAR(", ""):
        with Repository.open(filled) as repository:
            found = [element.name for element in repository.search(words)]
        assert names(client, query=words) == found
    assert names(client, query="mice") == ["grey mouse"]


def test_a_misspelt_word_finds_the_nearest_and_says_so(client: Browser) -> None:
    found = client.get("/api/elements", params={"query": "sqaure"}).json()
    assert (found["found_by"], [element["name"] for element in found["elements"]]) == (
        "square",
        ["green square"],
    )
    assert client.get("/api/elements", params={"query": "square"}).json()["found_by"] is None


def test_colours_order_and_tags_choose(client: Browser) -> None:
    assert names(client, colour="#ff0000")[0] == "red circle"
    assert names(client, colour="0000ff")[0] == "blue cat"
    assert names(client, colour="yellow", tag="animal")[0] == "yellow cats"
    assert names(client, tag="warm") == ["red circle", "yellow cats"]
    assert names(client, query="cat", tag="warm") == ["yellow cats"]
    assert names(client, tag="war") == []


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": "0"}, {"limit": "501"}, {"limit": "x"}, {"limit": "-1"}, {"offset": "-1"}, {"offset": "9" * 30}, {"offset": "\u0663"},
        {"colour": "no colour"}, {"query": "x" * 201}, {"like": "!"},
    ],
)  # fmt: skip
def test_a_search_that_makes_no_sense_is_refused(client: Browser, asked: dict[str, str]) -> None:
    answer = client.get("/api/elements", params=asked)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_like_needs_the_similar_index(client: Browser) -> None:
    assert client.get("/api/state").json()["features"]["similar"] is False
    answer = client.get("/api/elements", params={"like": "1"})
    assert (answer.status_code, "haac index --similar" in answer.json()["error"]) == (400, True)


def test_like_orders_by_what_the_index_holds(
    client: Browser, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from haac_similar._index import update
    from haac_similar._index.index import Rows, SimilarIndex, Stored
    from haac_similar._internal import stored_similar_index

    with Repository.open(filled) as repository:
        held = repository.held()
    marks = np.array([int(pixels[:8], 16) for _, pixels in held], np.uint32)
    count = len(held)
    codes = np.array([[100, 0], [0, 100], [99, 1], [-100, 0], [0, -100]], np.int8)
    rows = Rows(
        np.array([number for number, _ in held], np.int64),
        marks,
        codes,
        np.ones(count, np.float32),
        np.zeros((count, 0), np.uint16),
        np.zeros((count, 0), np.uint8),
        np.zeros(count, np.bool_),
    )
    monkeypatch.setattr(update, "require_similar_index", lambda _: None)
    monkeypatch.setattr(update, "read", lambda *_: (Stored(rows, np.eye(2, dtype=np.float32)), ""))
    with Repository.open(filled) as repository:
        assert isinstance(stored_similar_index(repository), SimilarIndex)
    assert names(client, like="1")[:2] == ["red circle", "blue cat"]
    assert names(client, like="1", tag="animal")[0] == "blue cat"
    assert client.get("/api/elements", params={"like": "zz"}).status_code == 404


def test_one_element_is_told_in_full(client: Browser) -> None:
    told = client.get("/api/elements/3").json()
    assert (told["name"], told["tags"]) == ("blue cat", ["animal"])
    assert {"licence", "attribution", "source", "quality", "doubts"} <= set(told)


def test_a_file_is_what_the_repository_has(client: Browser, filled: Path) -> None:
    answer = client.get("/api/elements/3/file")
    with Repository.open(filled) as repository:
        assert answer.content == repository.data(3)
    assert answer.headers["content-type"] == "image/webp"
    assert "immutable" in answer.headers["cache-control"]
    again = client.get("/api/elements/3/file", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_thumbnails_are_small_pictures_of_the_element(client: Browser) -> None:
    data = client.get("/api/elements/3/thumbnail", params={"size": 20}).content
    with Image.open(io.BytesIO(data)) as image:
        assert max(image.size) == 20
        assert image.format == "WEBP"
        red, _, blue, alpha = image.convert("RGBA").getpixel((3, 10))  # type: ignore[misc]
    assert blue > red
    assert alpha > 200
    large = client.get("/api/elements/3/thumbnail", params={"size": 512})
    with Image.open(io.BytesIO(large.content)) as image:
        assert max(image.size) <= 48  # never enlarged
    for size in ("0", "513", "x"):
        assert client.get("/api/elements/3/thumbnail", params={"size": size}).status_code == 400


@pytest.mark.parametrize("id_", ["zz", "6", "zzzzzzzz"])
def test_an_element_that_is_not_there_is_404(client: Browser, id_: str) -> None:
    for what in ("", "/file", "/thumbnail"):
        answer = client.get(f"/api/elements/{id_}{what}")
        assert answer.status_code == 404
        assert id_ in answer.json()["error"]


def test_what_is_no_id_is_refused(client: Browser) -> None:
    assert client.get("/api/elements/!/file").status_code == 400


def test_withdrawn_elements_are_gone(own: tuple[Studio, Browser]) -> None:
    studio, client = own
    assert client.get("/api/elements/2/thumbnail").status_code == 200
    with studio.repository.writer() as writer:
        writer.withdraw(2, "by mistake")
    assert names(client) == [name for name, _, _ in NAMES if name != "green square"]
    for what in ("", "/file", "/thumbnail"):
        answer = client.get(f"/api/elements/2{what}")
        assert answer.status_code == 404
        assert "by mistake" in answer.json()["error"]


def test_new_elements_are_found_at_once(own: tuple[Studio, Browser]) -> None:
    studio, client = own
    assert names(client, query="violet") == []
    with studio.repository.writer() as writer:
        writer.add(new_element(shape(0x8020C0), name="violet dot"))
    assert names(client, query="violet") == ["violet dot"]
    assert client.get("/api/state").json()["repository"]["elements"] == len(NAMES) + 1


def test_with_a_port_of_its_own_browsers_ask_again(studio: Studio, client: Browser) -> None:
    """Under the same address another repository may have been served yesterday."""
    studio.fixed = True
    answer = client.get("/api/elements/1/file")
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get("/api/elements/1/file", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def test_thumbnails_that_are_kept_stay_bounded(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    from haac_studio._limits import STUDIO_LIMITS
    from haac_studio._server import elements

    monkeypatch.setattr(elements, "STUDIO_LIMITS", dataclasses.replace(STUDIO_LIMITS, thumbnails_bytes=1000))
    thumbnails = elements.Thumbnails(studio.repository)
    for number in range(1, 6):
        for side in (16, 24, 32):
            assert thumbnails.get(number, side)[:4] == b"RIFF"
    assert 0 < sum(map(len, thumbnails._kept.values())) <= 1000


def test_decoded_pixels_are_those_of_the_element(client: Browser) -> None:
    told = client.get("/api/elements/1").json()
    image = decode(client.get("/api/elements/1/file").content, told["width"], told["height"])
    assert image.size == (told["width"], told["height"])
