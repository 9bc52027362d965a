"""What `haac compress` tells of its recipes: a line each, or JSON, and notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from haac_pipeline._compress.task import INLINE, CompressedFile
from haac_pipeline._input.source import label
from haac_repo._internal import Console, counted

if TYPE_CHECKING:
    from haac_pipeline._input.passed_over import PassedOverCount

_LOST = 0.02
"""Share of what is visible that may be lost without a word."""
_USED = 0.9
"""Part of a budget below which it counts as not used up."""


def with_notes(result: CompressedFile, budget: int | None, *, bounded: bool, looked: bool) -> CompressedFile:
    """A result with what a person should know of it.

    Args:
        result: of one picture.
        budget: that was asked for.
        bounded: whether there was a budget, or a quality.
        looked: whether elements were looked for.
    """
    return (
        result
        if result.error
        else replace(result, notes=(*result.notes, *_notes(result, budget, bounded, looked)))
    )


def _notes(result: CompressedFile, budget: int | None, bounded: bool, looked: bool) -> Iterator[str]:
    size = result.binary_bytes
    if looked and not bounded and result.rest and not _elements(result):
        yield f"no element found; carried as {result.rest}, {size:,} bytes: --budget N makes it a small wash"
    elif (bounded or looked) and result.lost > _LOST:
        cure = "allow more bytes, or leave the budget out" if bounded else "it is too much for a recipe"
        yield f"{100 * result.lost:.0f} % of what is visible in it was lost: {cure}"
    if budget is not None and size < _USED * budget:
        why = "it gives every pixel" if result.exact else "nothing larger that was tried is better"
        yield f"{size:,} of {budget:,} bytes were used: {why}"


def tell(console: Console, done: Sequence[CompressedFile], passed_over: PassedOverCount) -> int:
    """Print the results.

    Returns:
        The exit code.
    """
    for line in passed_over.lines():
        console.note(line)
    for result in done:
        if result.error:
            console.error(f"{result.picture}: {result.error}")
        for note in result.notes:
            console.note(f"{result.picture}: {note}")
    value = [_as_json(result) for result in done]
    if passed_over:
        value.append({"picture": None, "passed_over": passed_over.as_json()})
    console.data(value, _lines(done))
    return 1 if any(result.error for result in done) else 0


def _as_json(result: CompressedFile) -> dict[str, Any]:
    if result.error or result.outputs is None or result.quality is None:
        return {"picture": result.picture, "error": result.error}
    outputs, quality = result.outputs, result.quality
    return {
        "picture": result.picture,
        "recipe": label(str(outputs.recipe)),
        "script": None if outputs.script is None else label(str(outputs.script)),
        "report": None if outputs.report is None else label(str(outputs.report)),
        "size": result.size,
        "notes": result.notes,
        "binary_bytes": result.binary_bytes,
        "element_bytes": result.element_bytes,
        "rest": result.rest or None,
        "text": result.text,
        "similar": result.like or None,
        "background": result.background or None,
        "ids": result.ids,
        "exact": result.exact,
        "psnr": None if quality.identical else round(quality.psnr, 3),
        "ssim": None if quality.ssim is None else round(quality.ssim, 6),
        "percent_different": round(quality.different, 4),
        "percent_unexplained": round(100 * result.unexplained, 4) if result.compared else None,
        "percent_lost": None if result.like else round(100 * result.lost, 4),
        "smaller_file": None
        if result.smaller is None
        else dict(zip(("format", "bytes"), result.smaller, strict=True)),
    }


def _lines(done: Sequence[CompressedFile]) -> Iterator[str]:
    for result in done:
        if result.error or result.outputs is None or result.quality is None:
            continue
        recipe, size = label(str(result.outputs.recipe)), result.binary_bytes
        if result.like:
            yield f"{recipe}: {size} bytes, {result.like}"
            continue
        near = "exact" if result.exact else f"{result.quality.psnr:.1f} dB"
        ids = [f"{result.background} (background)"] if result.background else []
        ids += [one for one in result.ids if not result.rest or one != INLINE]
        named = f": {' '.join(ids)}" if ids else ""
        if not result.rest:
            yield f"{recipe}: {size:,} bytes, {counted(len(result.ids), 'layer')}, {near}{named}"
        elif not ids:
            yield f"{recipe}: {size:,} bytes as {result.rest}, {near}"
        else:
            own = result.element_bytes
            shares = (
                f"{counted(_elements(result), 'element')} {own:,}, the rest {size - own:,} as {result.rest}"
            )
            yield f"{recipe}: {size:,} bytes: {shares}; {near}{named}"
        if result.smaller is not None:
            name, bytes_ = result.smaller
            yield f"  a plain {name} file as good as this has about {bytes_:,} bytes"
        if 100 * result.unexplained >= 1 and not result.rest:
            yield f"  {100 * result.unexplained:.0f} % of the picture is not explained: see it with --report"


def _elements(result: CompressedFile) -> int:
    """How many times the recipe shows an element of the repository."""
    return bool(result.background) + sum(one != INLINE for one in result.ids)
