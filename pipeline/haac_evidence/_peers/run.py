"""All pictures in all formats, in worker processes; what is done is kept, so that a run can go on where it was stopped."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from haac_evidence._codecs.codec import CODECS, codec_versions
from haac_evidence._peers.measure import HAAC, PHOTOGRAPHS, SCENES, Outcome, Work, formats, measure
from haac_evidence._peers.search import SCALES
from haac_evidence._peers.similar import SIMILAR, Telling
from haac_pipeline._internal import Job, Workers, one_core

if TYPE_CHECKING:
    from PIL import Image

    from haac_evidence._peers.drawn import Drawn
    from haac_evidence._scores.judge import Judging

BUDGETS = (20, 50, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
"""Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is measured."""

    budgets: tuple[int, ...] = BUDGETS
    thorough: bool = False
    formats: tuple[str, ...] = ()
    """Empty: all that there are."""
    judge: Judging | None = None
    """Says of what kind pictures are."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture that no catalog knows.

    Args:
        name: unlike the others'.
        image: RGB.
        telling: how it is told by similar elements; None: it is not.
    """

    name: str
    image: Image.Image
    telling: Telling | None = None


def plan(
    pictures: Sequence[Photograph],
    drawn: Sequence[Drawn],
    repository: Path | None,
    settings: Settings,
) -> list[Work]:
    """One work for each picture and format; what takes longest comes first."""
    chosen = [name for name in formats() if not settings.formats or name in settings.formats]
    works = []
    for name, group, image, where, telling in [
        *((each.name, PHOTOGRAPHS, each.image, None, each.telling) for each in pictures),
        *((each.name, SCENES, each.picture, repository, None) for each in drawn),
    ]:
        buffer = io.BytesIO()
        image.save(buffer, "PNG", compress_level=6)
        work = Work(
            name, group, buffer.getvalue(), HAAC, settings.budgets, settings.thorough, where, settings.judge
        )
        works += [replace(work, format=format) for format in chosen]
        if telling is not None:
            works.append(replace(work, format=SIMILAR, telling=telling))
    slow = ("AVIF", HAAC)
    return sorted(works, key=lambda work: slow.index(work.format) if work.format in slow else len(slow))


def measured(works: Sequence[Work], kept: Path, workers: Workers) -> Iterator[Outcome]:
    """Do all of it.

    Args:
        works: what is to be done.
        kept: JSON lines of what was done before with the same pictures, settings and versions; further ones are added.
        workers: processes, and their limits.

    Yields:
        Outcomes, first those that were kept; one whose process was lost has an `error`.
    """
    known = _known(kept)
    keys = [_key(work) for work in works]
    yield from (known[key] for key in keys if key in known)
    left = [(key, work) for key, work in zip(keys, works, strict=True) if key not in known]
    if not left:
        return
    matching = any(work.repository is not None or work.telling is not None for _, work in left)
    if workers.jobs == 1:
        one_core(matching=matching)
        for key, work in left:
            yield _keep(kept, key, measure(work))
        return
    job = Job(measure, partial(one_core, matching=matching), workers.limits, crash="its process died")
    with workers.pool(job, _lost, again="Start again to go on") as pool:
        for key, work in left:
            pool.put(key, work)
            yield from (_keep(kept, key, done) for key, _, done in pool.outcomes(all_=False))
        yield from (_keep(kept, key, done) for key, _, done in pool.outcomes(all_=True))


def _lost(work: Work, reason: str) -> Outcome:
    return Outcome(work.picture, work.group, work.format, error=reason)


def _keep(kept: Path, key: str, done: Outcome) -> Outcome:
    if not done.error:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, **asdict(done)}) + "\n")
    return done


def _known(kept: Path) -> dict[str, Outcome]:
    """What was done before; a last line that was not written to its end is left out."""
    found: dict[str, Outcome] = {}
    if kept.exists():
        for line in kept.read_text("utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            key = row.pop("key")
            found[key] = Outcome(**row)
    return found


def _key(work: Work) -> str:
    """Hash of all that an outcome depends on, but for haac's own code."""
    codec = next((each for each in CODECS if each.name == work.format), None)
    about = [
        *(work.picture, work.group, work.format, work.budgets, work.thorough),
        *(work.judge and work.judge.sha256, work.telling and [work.telling.state, work.telling.segmenter]),
        *(work.telling.without if work.telling else ()),
        *(sorted(codec_versions().items()), SCALES, codec and [codec.variants, codec.quick, codec.efforts]),
    ]
    return hashlib.sha256(repr(about).encode() + work.data).hexdigest()[:24]
