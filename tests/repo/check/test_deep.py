"""Elements that are not what their records say: verify reads their headers, with --deep it decodes them."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from haac_repo import HaacError, NewElement, Repository, encode, pixel_hash, publish, sync, verify
from haac_repo._check import objects
from tests.repo.elements import MakeElement, element_of

Lie = Callable[[NewElement], NewElement]


def with_data(data: bytes) -> Lie:
    return lambda honest: dataclasses.replace(honest, data=data)


def as_picture(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


NOISE = Image.fromarray(np.random.default_rng(5).integers(0, 256, (8, 8, 4), dtype=np.uint8), "RGBA")
IN_HEADERS = {
    "text": with_data(b"<html>not found</html>" * 5),
    "PNG": with_data(as_picture(NOISE, format="PNG")),
    "lossy": with_data(as_picture(NOISE.convert("RGB"), format="WEBP", quality=50)),
    "animated": with_data(
        as_picture(NOISE, format="WEBP", lossless=True, save_all=True, append_images=[NOISE.rotate(90)])
    ),
    "another size": with_data(encode(NOISE.resize((9, 8)))),
    "bytes after it": lambda honest: dataclasses.replace(honest, data=honest.data + b"hidden"),
}
IN_PIXELS = {
    "another picture": with_data(encode(NOISE)),
    "noise behind a header": lambda honest: dataclasses.replace(
        honest, data=honest.data[:25] + bytes(len(honest.data) - 25)
    ),
    "another pixel hash": lambda honest: dataclasses.replace(honest, pixels_sha256="0" * 64),
}


def stock(repository: Repository, lie: Lie) -> None:
    """Three elements, of which the second is false; published."""
    with repository.writer() as writer:
        writer.add(element_of(1))
        writer.add(lie(element_of(2)))
        writer.add(element_of(3))
    publish(repository)


@pytest.mark.parametrize("lie", IN_HEADERS.values(), ids=IN_HEADERS)
def test_false_elements_are_found_by_their_headers(repository: Repository, lie: Lie) -> None:
    stock(repository, lie)
    for deep in (False, True):
        (problem,) = verify(repository, deep=deep).problems
        assert problem.elements == (2,)
        assert "not what the records say: 1 of the elements (2: the stored" in problem.text
    assert verify(repository, quick=True).ok


@pytest.mark.parametrize("lie", IN_PIXELS.values(), ids=IN_PIXELS)
def test_false_elements_are_found_by_decoding_them(repository: Repository, lie: Lie) -> None:
    stock(repository, lie)
    assert verify(repository).ok
    report = verify(repository, deep=True)
    (problem,) = report.problems
    assert (problem.elements, report.elements) == ((2,), 3)


def test_false_elements_in_many_processes(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is much to decode, all cores do; what they find is the same."""
    with repository.writer() as writer:
        for seed in range(40):
            honest = element_of(seed)
            writer.add(
                dataclasses.replace(honest, pixels_sha256=f"{seed:064x}") if seed % 13 == 7 else honest
            )
            if seed % 15 == 0:
                writer.seal()
    read: list[int] = []
    alone = verify(repository, deep=True, progress=read.append)
    assert [p.elements for p in alone.problems] == [(8, 21, 34)]
    monkeypatch.setattr(objects, "_FEW_BYTES", 0)
    monkeypatch.setattr(objects, "_BATCH", 3)
    monkeypatch.setattr(objects, "_cores", lambda: 2)
    together = verify(repository, deep=True, progress=read.append)
    assert together == alone
    assert sum(read) == 2 * alone.bytes


def test_a_process_that_dies_is_told(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(repository, lambda honest: honest)
    monkeypatch.setattr(objects, "_FEW_BYTES", 0)
    monkeypatch.setattr(objects, "_cores", lambda: 2)
    # As if memory had run out.
    monkeypatch.setattr(objects, "examine", _die)
    with pytest.raises(
        HaacError, match=r"a process that decoded elements of .* died: is there too little memory"
    ):
        verify(repository, deep=True)


def _die(*_: object) -> None:
    import os

    os._exit(9)


def test_a_withdrawn_element_may_be_what_it_likes(repository: Repository) -> None:
    """Nobody is given it; its bytes stay in the packs until the next publish."""
    with repository.writer() as writer:
        writer.add(element_of(1))
        writer.add(dataclasses.replace(element_of(2), data=b"text"))
        writer.withdraw(2, "no picture")
    report = verify(repository, deep=True)
    assert (report.ok, len(report.notes)) == (True, 1)


def test_an_opaque_element_is_what_it_says(repository: Repository) -> None:
    """WebP leaves the alpha of such a picture out."""
    image = Image.new("RGBA", (9, 5), (1, 2, 3, 255))
    with repository.writer() as writer:
        writer.add(NewElement(data=encode(image), width=9, height=5, pixels_sha256=pixel_hash(image)))
    assert verify(repository, deep=True).ok


def test_quick_and_deep_do_not_go_together(repository: Repository) -> None:
    with pytest.raises(ValueError, match="choose one"):
        verify(repository, quick=True, deep=True)


def test_a_mirror_of_false_elements_says_whose_fault_it_is(
    repository: Repository, make_element: MakeElement
) -> None:
    stock(repository, lambda honest: dataclasses.replace(honest, pixels_sha256=make_element(9).pixels_sha256))
    mirror = repository.path.with_name("mirror")
    sync(repository.path, mirror)
    (problem,) = verify(mirror, deep=True).problems
    assert "published wrongly: tell its publisher" in problem.text
