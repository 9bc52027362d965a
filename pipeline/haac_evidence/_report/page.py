"""The page: one HTML file with its pictures, its style and its script, which asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from haac._internal import SIMILAR
from haac_evidence._report.compared import decibels
from haac_evidence._tables.columns import BOUNDARIES
from haac_repo import HaacError
from haac_repo._internal import counted, replacing

if TYPE_CHECKING:
    from haac_evidence._report.compared import Compared, Shown

GENERATOR: Final = "haac report"
MOST_BYTES: Final = 256 * 2**20
"""Of a page: what browsers open without trouble."""
_SMALL: Final = 200
"""Pixels of the long side up to which single pixels are to be seen."""
_TIMES: Final = (1, 4, 8, 16)
_TEXT: Final = 20_000
"""Characters of a recipe that are shown."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A pair that could not be compared."""

    name: str
    reason: str


def write_page(path: Path, title: str, pairs: Sequence[Compared | Failed]) -> int:
    """Write the page, whole or not at all.

    Args:
        path: of the file.
        title: shown on top.
        pairs: in the order in which they are shown.

    Returns:
        Its bytes.

    Raises:
        HaacError: it would have too many bytes.
    """
    with replacing(path) as file:
        written = 0
        for piece in _pieces(title, pairs):
            data = piece.encode("utf-8", "replace")
            written += len(data)
            if written > MOST_BYTES:
                raise HaacError(
                    f"the page would have more than {MOST_BYTES // 2**20} MB: give fewer pictures, or a smaller --side"
                )
            file.write(data)
    return written


def is_report(path: Path) -> bool:
    """Whether a file is a page that was written here."""
    file: BinaryIO
    with path.open("rb") as file:
        return f'content="{GENERATOR}"'.encode() in file.read(1000)


def text(value: str) -> str:
    """A stranger's words, for HTML: escaped, and without what cannot be printed."""
    return escape("".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in value))


def name(value: str) -> str:
    """A stranger's name, whose direction of writing stays its own."""
    return f"<bdi>{text(value)}</bdi>"


def _pieces(title: str, pairs: Sequence[Compared | Failed]) -> Iterator[str]:
    style, script = (
        files("haac_evidence._report").joinpath(f"page.{end}").read_text("utf-8") for end in ("css", "js")
    )
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    done = [(f"pair-{n}", each) for n, each in enumerate(pairs, 1) if not isinstance(each, Failed)]
    failed = [each for each in pairs if isinstance(each, Failed)]
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="generator" content="{GENERATOR}">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:;'
        f" style-src 'unsafe-inline'; script-src 'sha256-{allowed}'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{text(title)}</title>\n<style>\n{style}</style>\n</head>\n<body data-mode="side">\n'
    )
    yield f'<header>\n<h1>{name(title)}</h1>\n<p class="quiet">{counted(len(done), "pair")}. {_MEANING}</p>\n</header>\n<main>\n'
    yield _tools()
    if len(done) > 1:
        yield from _summary(done)
    yield from (
        f'<p class="bad">{name(each.name)} could not be compared: {text(each.reason)}</p>\n'
        for each in failed
    )
    yield "<div>\n"
    for mark, each in done:
        yield from _section(mark, each)
    yield f'</div>\n</main>\n<footer><div class="quiet" style="text-align:center">Made by {GENERATOR}.</div></footer>\n'
    yield f"<script>{script}</script>\n</body>\n</html>\n"


_MEANING: Final = (
    "PSNR and SSIM are better when higher. A pixel is different when a channel is off by more than so many of 255 levels, with both"
    " pictures at 1000x1000 pixels. A recipe needs the repository of its elements beside its bytes."
)


def _tools() -> str:
    views = (("side", "Side by side"), ("slider", "Slider"), ("difference", "Difference"))

    def choice(group: str, value: object, label: str, checked: bool) -> str:
        mark = " checked" if checked else ""
        return f'<label><input type="radio" name="{group}" value="{value}"{mark}>{label}</label>'

    first = "".join(choice("view", value, label, value == "side") for value, label in views)
    second = "".join(choice("times", n, f"{n}&times;", n == 4) for n in _TIMES)
    return (
        f'<div class="tools"><fieldset><legend>View</legend>{first}</fieldset>'
        f"<fieldset><legend>Amplified</legend>{second}</fieldset></div>\n"
    )


def _summary(done: Sequence[tuple[str, Compared]]) -> Iterator[str]:
    heads = ["pair", "original, bytes", "bytes", "of the original", "PSNR", "SSIM"]
    heads += [f"off by over {level}" for level in BOUNDARIES] + ["at most"]
    yield '<div class="scroll" tabindex="0" role="region" aria-label="Summary"><table class="summary"><thead><tr>'
    for at, head in enumerate(heads):
        kind = ' data-kind="number"' if at else ""
        yield f'<th scope="col"{kind}><button type="button">{head}</button></th>'
    yield "</tr></thead><tbody>\n"
    for mark, each in done:
        yield f'<tr data-pair="{mark}"><td data-value="{text(each.name)}"><a href="#{mark}">{name(each.name)}</a>'
        yield ' <span class="similar">similar</span></td>' if _similar(each) else "</td>"
        for value, shown in _figures(each):
            yield f'<td data-value="{value:.6g}">{shown}</td>'
        yield "</tr>\n"
    yield "</tbody></table></div>\n"


def _similar(each: Compared) -> bool:
    return any(side.recipe is not None and side.recipe.similar for side in (each.original, each.made))


def _figures(each: Compared) -> Iterator[tuple[float, str]]:
    """(value, as it is shown) of the columns after the first."""
    scores = each.scores
    yield each.original.bytes, f"{each.original.bytes:,}"
    yield each.made.bytes, f"{each.made.bytes:,}"
    share = each.made.bytes / max(1, each.original.bytes)
    yield share, percent(100 * share)
    yield (9999.0 if math.isinf(scores.psnr) else scores.psnr), decibels(scores.psnr)
    yield (-1.0, "-") if scores.ssim is None else (scores.ssim, f"{scores.ssim:.4f}")
    for value in scores.different:
        yield value, percent(value)
    yield scores.largest, f"{scores.largest}"


def percent(value: float) -> str:
    """Per cent, with as many digits as say something."""
    if value == 0 or value >= 10:
        return f"{value:.1f} %" if value else "0 %"
    return f"{value:.2f} %" if value >= 0.01 else f"{value:.4f} %"


def _section(mark: str, each: Compared) -> Iterator[str]:
    original, made = each.original, each.made
    yield f'<section class="pair" id="{mark}" aria-labelledby="{mark}-name">\n<h2 id="{mark}-name">{name(each.name)}</h2>\n'
    if _similar(each):
        yield f'<p class="similar">{SIMILAR.capitalize()}: the elements are like what the original shows.</p>\n'
    yield from (f'<p class="quiet">{text(note)}</p>\n' for note in each.notes)
    small = " small" if max(original.size) <= _SMALL else ""
    yield f'<div class="stage{small}" style="--ratio:{original.size[0] / original.size[1]:.4f}">\n'
    yield _figure("original", "original", original)
    yield _figure("made", "rendered from the recipe" if made.recipe else "compared with it", made)
    yield (
        f'<figure class="difference"><figcaption>{_told(each)}</figcaption>'
        f'<div class="frame"><div class="both" role="img" aria-label="Difference of {text(original.name)} and {text(made.name)},'
        f' at most {each.scores.largest} of 255 levels"></div></div></figure>\n'
        f'<input class="slide" type="range" min="0" max="100" value="50" step="1" data-made="{text(made.name)}"'
        f' aria-label="Share of the original that is shown, against {text(made.name)}">\n<div class="rule"></div>\n</div>\n'
    )
    yield "<dl>\n"
    for label, value in _facts(each):
        yield f"<div><dt>{label}</dt><dd>{value}</dd></div>\n"
    yield "</dl>\n"
    for one in (original, made):
        yield from _recipe(one)
    yield "</section>\n"


def _told(each: Compared) -> str:
    """What the picture of the difference shows."""
    largest = each.scores.largest
    return (
        f"difference, amplified; at most {largest} of 255"
        if largest
        else "difference: none, every pixel is equal"
    )


def _figure(kind: str, role: str, side: Shown) -> str:
    alt = f"{text(side.name)}, {side.size[0]}x{side.size[1]} pixels: {role}"
    width, height = side.size
    return (
        f'<figure class="{kind}"><figcaption>{role}: {name(side.name)}</figcaption><div class="frame">'
        f'<img alt="{alt}" width="{width}" height="{height}" decoding="async" src="{_inline(side.picture)}"></div></figure>\n'
    )


def _inline(picture: bytes) -> str:
    """A picture as a data URI."""
    return f"data:image/webp;base64,{base64.b64encode(picture).decode()}"


def _facts(each: Compared) -> Iterator[tuple[str, str]]:
    original, made, scores = each.original, each.made, each.scores
    width, height = original.size
    yield "pixels", f"{width:,}&times;{height:,}"
    yield f"original ({text(original.format)})", f"{original.bytes:,} bytes"
    yield f"compared ({text(made.format)})", f"{made.bytes:,} bytes"
    yield "of the original's bytes", percent(100 * made.bytes / max(1, original.bytes))
    yield "bits a pixel", f"{8 * made.bytes / (width * height):.4g}"
    yield "PSNR", decibels(scores.psnr)
    yield "SSIM", "scikit-image is not installed" if scores.ssim is None else f"{scores.ssim:.4f}"
    for boundary, value in zip(BOUNDARIES, scores.different, strict=True):
        yield f"off by over {boundary} levels", percent(value)
    yield "largest difference", f"{scores.largest} of 255 levels"


def _recipe(side: Shown) -> Iterator[str]:
    recipe = side.recipe
    if recipe is None:
        return
    head = f"{recipe.binary_bytes:,} bytes, {counted(recipe.layers, 'layer')}"
    yield f"<details open><summary>What {name(side.name)} says ({head})</summary>\n"
    if recipe.caption:
        yield f"<p>{text(recipe.caption)}</p>\n"
    yield f'<pre tabindex="0">{text(_short(recipe.english))}</pre>\n</details>\n'
    yield f"<details><summary>Its text form ({len(recipe.text):,} characters)</summary>"
    yield f'<pre tabindex="0">{text(_short(recipe.text))}</pre></details>\n'


def _short(said: str) -> str:
    return said if len(said) <= _TEXT else f"{said[:_TEXT]}\n... {len(said):,} characters in all"


def worst_first(pairs: Iterable[Compared | Failed]) -> list[Compared | Failed]:
    """In the order of their PSNR, the lowest first; what failed before all."""
    return sorted(pairs, key=lambda each: -1.0 if isinstance(each, Failed) else each.scores.psnr)
