"""The command `haac edit`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haac_pipeline._cli.models import model_names
from haac_repo._internal import Console, command, completion, refuse, repo_option

if TYPE_CHECKING:
    from PIL import Image

    from haac_pipeline._ingest.recut import Recut
    from haac_pipeline._segment.refine import Hint
    from haac_repo import Element, Repository

_PREVIEW = "preview.png"
_CELL = 480
"""Pixels of the longest side of a cut-out in the preview."""


def _places(option: str) -> Callable[[Any], Any]:
    """The option --keep or --remove, any number of times."""

    def parsed(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if not re.fullmatch(r"\d{1,6}(,\d{1,6}){1}((,\d{1,6}){2})?", value):
                raise click.BadParameter(
                    f"{value!r} is no place: X,Y for a point, X,Y,W,H for a box, in whole pixels of the photograph"
                )
            if value.count(",") == 3 and "0" in {str(int(part)) for part in value.split(",")[2:]}:
                raise click.BadParameter(f"{value!r} is a box without an inside: give X,Y for a point")
        return values

    what = "belongs to the object" if option == "--keep" else "does not belong to it"
    return click.option(
        option,
        multiple=True,
        metavar="X,Y[,W,H]",
        callback=parsed,
        help=f"This point, or box, of the photograph {what}; may be repeated.",
    )


@command("edit", "Elements")
@repo_option
@click.argument("id_", metavar="ID", shell_complete=completion.ids)
@click.option(
    "--photo",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The photograph it was cut out of.  [default: where it was when it was ingested]",
)
@click.option(
    "--model", shell_complete=model_names, help="Cut it out by this model.  [default: the same as before]"
)
@_places("--keep")
@_places("--remove")
@click.option(
    "--matting", is_flag=True, help="Find soft edges, hair and fur in the photograph's colours; slower."
)
@click.option(
    "--split/--no-split",
    default=None,
    help="Each object it shows by itself, or all of the photograph's as one. Default: those that it shows, as one.",
)
@click.option("--largest", is_flag=True, help="Only the largest of the objects.")
@click.option(
    "--max-side",
    type=click.IntRange(0),
    default=2048,
    show_default=True,
    help="As it was when the photograph was ingested; 0: as large as it is.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"PNG file: before and after, on dark, light and a checkerboard.  [default with --dry-run: {_PREVIEW}]",
)
@click.option("--dry-run", is_flag=True, help="Store nothing: write the preview only.")
@click.option(
    "--index/--no-index",
    default=True,
    show_default=True,
    help="Then describe the new elements for compressing, as `haac index` does.",
)
def edit(
    console: Console,
    repo: Path,
    id_: str,
    photo: Path | None,
    model: str | None,
    keep: tuple[str, ...],
    remove: tuple[str, ...],
    matting: bool,
    split: bool | None,
    largest: bool,
    max_side: int,
    output: Path | None,
    dry_run: bool,
    index: bool,
) -> None:
    """Cut an element out of its photograph again, better.

    The result is a new element, with the old one's name, tags and licence; `haac show` names each with the other. The old one
    stays as it is: recipes may need it.
    """
    if split is False:
        refuse({"largest"}, "does not go with --no-split.")
    output = output or (Path(_PREVIEW) if dry_run else None)
    if output is not None and output.suffix.lower() != ".png":
        raise click.BadParameter(f"{output.name}: the name must end in .png", param_hint="--output")
    from haac_pipeline._ingest.recut import Recutting, recut
    from haac_repo import Repository

    how = Recutting(
        photo=photo,
        model=model,
        hints=_hints(keep, remove),
        matting=matting,
        split=split,
        largest=largest,
        max_side=max_side,
    )
    with Repository.open(repo) as repository:
        made = recut(repository, id_, how, say=console.note)
        if output is not None:
            _write_preview(output, made)
            console.note(f"Wrote {output}")
        stored = [] if dry_run else _stored(repository, made)
        if index and any(new for _, new in stored):
            from haac_pipeline._cli.index import keep_up
            from haac_pipeline._engine.workers import Workers

            keep_up(console, repository, Workers())
        published = repository.is_published(made.old.number)
    sizes = [f"{image.width}x{image.height}" for image in made.after]
    value = {
        "old": made.old.id,
        "elements": [{"id": element.id, "new": new} for element, new in stored],
        "sizes": sizes,
        "preview": None if output is None else str(output),
        "dry_run": dry_run,
        "published": published,
    }
    console.data(value, _lines(made.old, stored, sizes))
    if any(new for _, new in stored):
        next_ = f"takedown {made.old.id} --reason '...'" if published else f"discard {made.old.id}"
        console.note(f"Next, if {made.old.id} is not needed any more: haac {next_}")


def _hints(keep: tuple[str, ...], remove: tuple[str, ...]) -> list[Hint]:
    """Boxes before points, so that a point in a box counts."""
    from haac_pipeline._segment.refine import Hint

    made = [
        Hint(kept, *(int(part) for part in value.split(",")))
        for kept, values in ((True, keep), (False, remove))
        for value in values
    ]
    return sorted(made, key=lambda hint: hint.is_point)


def _stored(repository: Repository, made: Recut) -> list[tuple[Element, bool]]:
    """Store what was cut out, unless it is there already."""
    with repository.writer() as writer:
        return [writer.add(element) for element in made.elements]


def _lines(old: Element, stored: list[tuple[Element, bool]], sizes: list[str]) -> Iterator[str]:
    if not stored:
        yield f"Dry run: nothing was stored. Element {old.id}, {old.width}x{old.height} pixels, would become {', '.join(sizes)}"
    for (element, new), size in zip(stored, sizes, strict=False):
        if new:
            yield f"{element.id}  {size}  re-cut of {old.id} ({old.width}x{old.height})"
        elif element.number == old.number:
            yield f"The same pixels as before, {size}: nothing was stored. Give --model, --keep, --remove or --matting"
        else:
            yield f"{element.id} has these very pixels already, {size}: nothing was stored"


def _write_preview(path: Path, made: Recut) -> None:
    """Before above, after below; on dark, light and a checkerboard."""
    import io

    from haac_repo import write_file

    buffer = io.BytesIO()
    _preview(made.before, made.after).save(buffer, "PNG")
    write_file(path, buffer.getvalue())


def _preview(before: Image.Image, after: list[Image.Image]) -> Image.Image:
    from PIL import Image

    from haac_repo._internal import flattened, on_checkerboard

    gap = 12
    scale = min(1.0, _CELL / max(max(image.size) for image in (before, *after)))
    rows = []
    for image in (before, *after):
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        small = image.convert("RGBa").resize(size, Image.Resampling.LANCZOS).convert("RGBA")
        rows.append([flattened(small, "#101214"), flattened(small, "#ffffff"), on_checkerboard(small)])
    wide = max(row[0].width for row in rows)
    sheet = Image.new("RGB", (3 * wide + 4 * gap, sum(row[0].height + gap for row in rows) + gap), "#808488")
    top = gap
    for row in rows:
        for column, shown in enumerate(row):
            sheet.paste(shown, (gap + column * (wide + gap), top))
        top += row[0].height + gap
    return sheet
