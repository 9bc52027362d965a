"""Ingest under review: cut, cut again, accept, discard; nothing is stored before."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac_pipeline._internal import CUTTING, cut_picture, missing
from haac_repo import Repository
from haac_studio._jobs.reviews import Review
from haac_studio._limits import STUDIO_LIMITS
from haac_studio._server.bodies import Answered
from haac_studio._server.reviews import hints_of
from haac_studio._server.sessions import Studio
from tests.pipeline.studio.studios import Browser, fill, outcome, png, serving, shape, studio_of

needs_cutting = pytest.mark.skipif(bool(missing(*CUTTING)), reason="OpenCV is not installed")


def photograph() -> bytes:
    """A red disc and a blue one on a grey wall."""
    rng = np.random.default_rng(1)
    image = Image.fromarray(rng.integers(120, 136, (160, 240, 3), np.uint8))
    pen = ImageDraw.Draw(image)
    pen.ellipse((30, 40, 110, 120), fill=(200, 30, 30))
    pen.ellipse((150, 50, 210, 110), fill=(30, 40, 200))
    return png(image)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No weights of a model are here: the embedded one cuts."""
    for name in ("U2NET_HOME", "HAAC_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "no weights"))


@pytest.fixture
def own(tmp_path: Path, folder: Path, offline: None) -> Iterator[tuple[Studio, Browser]]:  # noqa: ARG001
    fill(tmp_path / "own")
    with studio_of(tmp_path / "own", folder) as studio, serving(studio) as browser:
        yield studio, browser


def cut(client: Browser, data: bytes, name: str = "two_discs.png") -> dict[str, Any]:
    _, last, review = outcome(
        client, client.post("/api/jobs/ingest", params={"name": name}, content=data).json()["job"]
    )
    assert last == "result", review
    return review


@needs_cutting
def test_a_photograph_is_cut_and_nothing_is_stored_before_it_is_accepted(own: tuple[Studio, Browser]) -> None:
    studio, client = own
    review = cut(client, photograph())
    assert (review["name"], review["model"], len(studio.repository)) == ("two discs", "offline", 5)
    assert review["cutouts"]
    for each in review["cutouts"]:
        assert {"n", "width", "height", "quality", "doubts", "box"} <= set(each)
        left, top, right, bottom = each["box"]
        assert (right - left, bottom - top) == (each["width"], each["height"])
        with Image.open(
            io.BytesIO(client.get(f"/api/review/{review['review']}/{each['n']}").content)
        ) as image:
            assert image.size == (each["width"], each["height"])
    with Image.open(io.BytesIO(client.get(f"/api/review/{review['review']}/source").content)) as image:
        assert image.size == (review["width"], review["height"]) == (240, 160)
    chosen = {
        "n": [1],
        "name": "a red disc",
        "tags": ["round", "Red"],
        "licence": "CC0-1.0",
        "attribution": "Ann",
    }
    stored = client.post(f"/api/review/{review['review']}/accept", json=chosen).json()["elements"]
    assert [(each["id"], each["name"], each["tags"], each["new"]) for each in stored] == [
        ("6", "a red disc", ["round", "red"], True)
    ]
    element = studio.repository.element(6)
    assert (element.provenance.licence, element.provenance.attribution) == ("CC0-1.0", "Ann")
    assert element.provenance.source == "two_discs.png"
    assert len(element.provenance.source_sha256) == 64
    assert element.provenance.model.startswith("offline")
    assert client.get(f"/api/review/{review['review']}/1").status_code == 404
    assert client.get("/api/elements", params={"query": "red disc"}).json()["total"] == 1


@needs_cutting
def test_cutting_again_by_hints_changes_the_cutout(own: tuple[Studio, Browser]) -> None:
    _, client = own
    review = cut(client, photograph())
    name = review["review"]
    before = client.get(f"/api/review/{name}/1").content
    left, top, right, bottom = review["cutouts"][0]["box"]
    half = [left, top, (left + right) // 2, bottom]
    asked = {"review": name, "n": 1, "keep": [], "remove": [half]}
    _, last, made = outcome(client, client.post("/api/jobs/recut", json=asked).json()["job"])
    assert last == "result", made
    assert made["n"] == 1
    assert made["box"][0] >= half[2] - 4
    after = client.get(f"/api/review/{name}/1")
    assert after.content != before
    assert after.headers["cache-control"] == "no-store"
    # All hints are given each time: without any, it is what the model cut.
    _, _, again = outcome(client, client.post("/api/jobs/recut", json=asked | {"remove": []}).json()["job"])
    assert again["box"] == [left, top, right, bottom]
    everything = asked | {"remove": [[0, 0, 240, 160]]}
    _, last, said = outcome(client, client.post("/api/jobs/recut", json=everything).json()["job"])
    assert (last, "nothing is left" in said["error"]) == ("error", True)
    outside = asked | {"remove": [[0, 0, 999, 160]]}
    _, last, said = outcome(client, client.post("/api/jobs/recut", json=outside).json()["job"])
    assert (last, "inside the picture" in said["error"]) == ("error", True)


def test_transparent_pictures_are_taken_as_they_are(own: tuple[Studio, Browser]) -> None:
    studio, client = own
    review = cut(client, png(shape(0x7733AA, 64)), "u1f431.png")
    assert (review["model"], [each["n"] for each in review["cutouts"]]) == ("", [1])
    asked = {"review": review["review"], "n": 1, "keep": [[0, 0, 9, 9]], "remove": []}
    _, last, said = outcome(client, client.post("/api/jobs/recut", json=asked).json()["job"])
    assert (last, "transparent already" in said["error"]) == ("error", True)
    stored = client.post(f"/api/review/{review['review']}/accept", json={"n": [1]}).json()["elements"]
    assert studio.repository.element(stored[0]["id"]).provenance.model == ""
    again = cut(client, png(shape(0x7733AA, 64)))
    stored = client.post(f"/api/review/{again['review']}/accept", json={"n": [1]}).json()["elements"]
    assert stored[0]["new"] is False


def test_what_is_discarded_is_gone_and_nothing_is_stored(own: tuple[Studio, Browser]) -> None:
    studio, client = own
    name = cut(client, png(shape(0x7733AA, 64)))["review"]
    assert client.post(f"/api/review/{name}/discard", json={}).status_code == 200
    for path in (f"/api/review/{name}/1", f"/api/review/{name}/source"):
        assert client.get(path).status_code == 404
    assert client.post(f"/api/review/{name}/accept", json={"n": [1]}).status_code == 404
    assert len(studio.repository) == 5


@pytest.mark.parametrize("data", [b"", b"no picture"])
def test_what_is_no_picture_ends_in_an_error(own: tuple[Studio, Browser], data: bytes) -> None:
    _, client = own
    _, last, said = outcome(client, client.post("/api/jobs/ingest?name=a.png", content=data).json()["job"])
    assert (last, "fault of haac" in said["error"]) == ("error", False)


@pytest.mark.parametrize(
    "sent",
    [
        {}, {"n": 1}, {"n": []}, {"n": [0]}, {"n": [2]}, {"n": [True]}, {"n": ["1"]}, {"n": [1], "name": 5}, {"n": [1], "tags": "a" * 99},
        {"n": [1], "tags": [5]}, {"n": [1], "tags": ["x" * 65]}, {"n": [1], "tags": [str(n) for n in range(65)]},
        {"n": [1], "name": "x" * 2001}, {"n": [1], "licence": []},
    ],
)  # fmt: skip
def test_what_cannot_be_accepted_is_refused_and_kept(
    own: tuple[Studio, Browser], sent: dict[str, Any]
) -> None:
    studio, client = own
    review = cut(client, png(shape(0x7733AA, 64)))["review"]
    assert client.post(f"/api/review/{review}/accept", json=sent).status_code == 400
    assert len(studio.repository) == 5
    assert client.get(f"/api/review/{review}/1").status_code == 200
    assert client.get(f"/api/review/{review}/2").status_code == 400
    assert client.get(f"/api/review/{review}/0").status_code == 400


@pytest.mark.parametrize(
    "sent",
    [
        {"review": "x", "n": 1}, {"n": 1}, {"n": 2}, {"n": None}, {"n": 1, "keep": 5}, {"n": 1, "keep": [5]}, {"n": 1, "keep": [[1, 2, 3]]},
        {"n": 1, "keep": [[5, 5, 1, 1]]}, {"n": 1, "keep": [[[1]]]}, {"n": 1, "keep": [["a", "b"]]}, {"n": 1, "keep": [[-1, 5]]},
        {"n": 1, "remove": [[0, 1]] * 257}, {"n": 1, "model": "nothing"}, {"n": 1, "model": 5}, {"n": 1, "keep": [[True, 1]]},
        {"n": 1, "keep": [[1e999, 1]]},
    ],
)  # fmt: skip
def test_hints_that_make_no_sense_are_refused(own: tuple[Studio, Browser], sent: dict[str, Any]) -> None:
    _, client = own
    review = cut(client, png(shape(0x7733AA, 64)))["review"]
    body = json.dumps({"review": review} | sent).encode()
    given = client.post("/api/jobs/recut", content=body)
    if "review" in sent:
        assert given.status_code == 404
    elif sent == {"n": 1}:
        assert given.status_code == 200  # refused by the job: the picture is transparent
    else:
        assert given.status_code == 400


def test_lines_become_points_along_them() -> None:
    review = Review("a.png", b"", "offline", b"", 1000, 800, ())
    line = [[100, 100], [101, 100], [200, 100], [200, 160]]
    points = list(hints_of([line], True, review))
    assert all(hint.is_point and hint.keep for hint in points)
    assert (points[0].x, points[0].y) == (100, 100)
    assert (points[-1].x, points[-1].y) == (200, 160)
    places = [(hint.x, hint.y) for hint in points]
    gaps = [((a - c) ** 2 + (b - d) ** 2) ** 0.5 for (a, b), (c, d) in itertools.pairwise(places)]
    assert max(gaps) <= 12.01
    box, point = hints_of([[1, 2, 30, 40], [7, 8]], False, review)
    assert (box.x, box.y, box.width, box.height, box.keep) == (1, 2, 29, 38, False)
    assert (point.is_point, point.x, point.y) == (True, 7, 8)
    with pytest.raises(Answered):
        list(hints_of([[[0, 0]] * 1001], True, review))


def test_only_the_latest_reviews_are_kept(own: tuple[Studio, Browser]) -> None:
    _, client = own
    data = png(shape(0x7733AA, 32))
    names = [cut(client, data)["review"] for _ in range(STUDIO_LIMITS.reviews + 1)]
    assert client.get(f"/api/review/{names[0]}/1").status_code == 404
    assert client.get(f"/api/review/{names[-1]}/1").status_code == 200


@needs_cutting
def test_the_cutouts_are_those_of_ingest(tmp_path: Path) -> None:
    """The same elements, pixel for pixel."""
    from haac_pipeline import Cutting, Settings, find_sources, ingest

    (tmp_path / "photo.png").write_bytes(photograph())
    with Repository.create(tmp_path / "repo") as repository:
        ingest(
            repository,
            find_sources([str(tmp_path / "photo.png")]),
            Settings(cutting=Cutting(model="offline", keep="all"), jobs=1),
        )
        stored = [element.pixels_sha256 for element in repository.elements()]
    made = cut_picture(photograph(), "offline")
    assert [cutout.element.pixels_sha256 for cutout in made.cutouts] == stored
    assert stored
