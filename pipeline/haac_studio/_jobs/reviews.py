"""Reviews: a picture that was cut, before a person decides what becomes elements. Nothing is stored until then."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Any

from haac_pipeline import MODELS
from haac_pipeline._internal import (
    Cutout,
    CutPicture,
    Hint,
    choose_model,
    cores,
    cut_picture,
    default_name,
    limit_threads,
    recut_picture,
    segmenter,
    software,
)
from haac_repo import DataError, Element, HaacError, NewElement, Provenance, Repository
from haac_studio._jobs.jobs import Job
from haac_studio._jobs.processes import Process, Request, Say


@dataclass(slots=True)
class Cut:
    """One cut-out of a review."""

    cutout: Cutout
    means: tuple[str, ...]
    """What made it: the identity of a model, and GrabCut; empty if the picture was transparent already."""


@dataclass(slots=True)
class Review:
    """A picture that was cut."""

    name: str
    """Of its file."""
    data: bytes
    """Of its file."""
    model: str
    """That cut it; empty if it was transparent already."""
    shown: bytes
    width: int
    """Of the picture that is shown, in pixels: those in which places are told."""
    height: int
    notes: tuple[str, ...]
    cuts: list[Cut] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def cut(self, n: int) -> Cut:
        """The cut-out of that number, from 1.

        Raises:
            HaacError: there is none.
        """
        if not 1 <= n <= len(self.cuts):
            raise HaacError(f"there is no cut-out {n}: there are {len(self.cuts)}, from 1 on")
        return self.cuts[n - 1]

    def as_json(self, name: str) -> dict[str, Any]:
        """What the page is told of it."""
        return {
            "review": name,
            "name": default_name(self.name)[0],
            "model": self.model,
            "width": self.width,
            "height": self.height,
            "notes": list(self.notes),
            "cutouts": [cut_json(n, each) for n, each in enumerate(self.cuts, 1)],
        }


def cut_json(n: int, cut: Cut) -> dict[str, Any]:
    """What the page is told of a cut-out; `box` is its place in the picture that is shown."""
    element, left, top = cut.cutout.element, cut.cutout.left, cut.cutout.top
    return {
        "n": n,
        "width": element.width,
        "height": element.height,
        "quality": element.quality,
        "doubts": list(element.doubts),
        "box": [left, top, left + element.width, top + element.height],
    }


class Cutting:
    """The worker process that cuts pictures."""

    def __init__(self) -> None:
        self._process = Process(
            partial(limit_threads, cores()), "it crashed the program that reads and cuts it"
        )

    def close(self) -> None:
        """End it."""
        self._process.close()

    def cut(self, job: Job, name: str, data: bytes) -> Review:
        """Cut everything out of a picture, as `haac ingest` does.

        Raises:
            HaacError: it cannot be read, or nothing is found in it.
        """
        job.progress(0, 0, "starting")
        model, made = self._process.run(job, Request(data, _cut))
        assert isinstance(made, CutPicture)
        review = Review(name, data, made.model, made.shown, made.width, made.height, made.notes)
        means = (MODELS[model].identity,) if made.model else ()
        review.cuts = [Cut(each, means) for each in made.cutouts]
        return review

    def recut(self, job: Job, review: Review, n: int, hints: Sequence[Hint], model: str | None) -> Cut:
        """Cut one object out again, by the hints that were given so far; it takes the place of the cut-out.

        Raises:
            HaacError: nothing is left of it, or the model cannot be had.
        """
        before = review.cut(n)
        if not review.model:
            raise HaacError("the picture is transparent already: change the picture itself, and add it again")
        job.progress(0, 0, "starting")
        call = partial(_recut, model or review.model, before.cutout, tuple(hints))
        made: Cutout = self._process.run(job, Request(review.data, call))
        means = (MODELS[model or review.model].identity, *(["GrabCut with hints"] if hints else []))
        cut = Cut(made, means)
        with review.lock:
            review.cuts[n - 1] = cut
        return cut


def accepted(
    repository: Repository, review: Review, numbers: Sequence[int], about: NewElement
) -> list[tuple[Element, bool]]:
    """Store cut-outs as elements.

    Args:
        repository: not a mirror.
        review: of the picture.
        numbers: of the cut-outs, from 1.
        about: has name, tags, licence and attribution of them all.

    Returns:
        The elements, and whether each is new.

    Raises:
        RepositoryError: it cannot be written to.
        HaacError: the name or a tag is outside the limits, or there is no such cut-out.
    """
    if not numbers:
        raise DataError("no cut-out is chosen: choose one, or discard them all")
    cuts = [review.cut(n) for n in dict.fromkeys(numbers)]
    digest, made = sha256(review.data).hexdigest(), software()
    new = [
        replace(
            cut.cutout.element,
            name=about.name or default_name(review.name)[0],
            tags=about.tags,
            provenance=replace(
                about.provenance,
                source=review.name,
                source_sha256=digest,
                model=" + ".join(cut.means),
                software=made,
            ),
        ).checked()
        for cut in cuts
    ]
    with repository.writer() as writer:
        return [writer.add(each) for each in new]


def provenance(licence: str, attribution: str) -> Provenance:
    """What a person says of where a picture is from."""
    return Provenance(licence=licence, attribution=attribution)


# What follows runs in the worker process.


def _cut(data: bytes, say: Say) -> tuple[str, CutPicture]:
    say(0, 0, "choosing a model")
    model = segmenter(None, lambda _: None)
    say(0, 0, "cutting objects out")
    return model or "", cut_picture(data, model)


def _recut(model: str, before: Cutout, hints: tuple[Hint, ...], data: bytes, say: Say) -> Cutout:
    say(0, 0, f"preparing the model {model}")
    chosen = choose_model(model, lambda text: say(0, 0, text))
    say(0, 0, "cutting it out again")
    return recut_picture(data, chosen, before, hints)
