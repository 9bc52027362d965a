"""All pictures in all formats, in worker processes; what is done is kept, so that a run can go on where it was stopped."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from haac_evidence._codecs.codec import CODECS, codec_versions
from haac_evidence._peers.measure import HAAC, PHOTOGRAPHS, SCENES, Outcome, Work, formats, measure
from haac_evidence._peers.search import SCALES
from haac_pipeline._internal import Job, Workers, one_core

if TYPE_CHECKING:
    from PIL import Image

    from haac_evidence._peers.drawn import Drawn

BUDGETS = (20, 50, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
"""Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is measured."""

    budgets: tuple[int, ...] = BUDGETS
    thorough: bool = False
    formats: tuple[str, ...] = ()
    """Empty: all that there are."""


def plan(
    pictures: Sequence[tuple[str, Image.Image]],
    drawn: Sequence[Drawn],
    repository: Path | None,
    settings: Settings,
) -> list[Work]:
    """One work for each picture and format; what takes longest comes first."""
    chosen = [name for name in formats() if not settings.formats or name in settings.formats]
    works = []
    for name, group, image, where in [
        *((name, PHOTOGRAPHS, image, None) for name, image in pictures),
        *((each.name, SCENES, each.picture, repository) for each in drawn),
    ]:
        buffer = io.BytesIO()
        image.save(buffer, "PNG", compress_level=6)
        for format in chosen:
            works.append(
                Work(name, group, buffer.getvalue(), format, settings.budgets, settings.thorough, where)
            )
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
    matching = any(work.repository is not None for _, work in left)
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
        *(sorted(codec_versions().items()), SCALES, codec and [codec.variants, codec.quick, codec.efforts]),
    ]
    return hashlib.sha256(repr(about).encode() + work.data).hexdigest()[:24]
