"""Where `haac compress` writes: a recipe, script and report for each picture, whose names are no other's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from haac_pipeline._compress.task import Outputs
    from haac_pipeline._input.source import Refused, Source


def targets(
    sources: Sequence[Source | Refused],
    output: Path | None,
    form: Literal["binary", "text"] | None,
    report: Path | None,
    script: Path | None,
) -> list[tuple[Source | Refused, Outputs]]:
    """Each picture with the files to write."""
    from haac._internal import picture_format
    from haac_pipeline._compress.task import Outputs
    from haac_pipeline._input.source import Source, label
    from haac_repo import PictureError

    count = sum(isinstance(source, Source) for source in sources)
    if output is not None and output.suffix and not output.is_dir():
        if output.suffix not in (".haac", ".txt"):
            raise click.UsageError(
                f"{output} is no name for a recipe: give a file that ends in .haac or .txt, or a folder."
            )
        form = form or ("text" if output.suffix == ".txt" else "binary")
    form = form or "binary"
    if script is not None and script.suffix not in ("", ".py") and not script.is_dir():
        raise click.UsageError(
            f"{script} is no name for a script: give a file that ends in .py, or a folder."
        )
    if report is not None and report.suffix and not report.is_dir():
        try:
            picture_format(report.suffix)
        except PictureError as error:
            raise click.UsageError(f"{report}: {error}.") from error
    suffix = ".haac" if form == "binary" else ".txt"
    work: list[tuple[Source | Refused, Outputs]] = []
    stems = Counter(_folder(source) / _name(source).stem for source in sources)
    in_archives = _names_in_archives(sources)
    for source in sources:
        beside, name = _folder(source), _name(source)
        # Of a.png and a.jpg, the recipes are a.png.haac and a.jpg.haac.
        stem = (name.stem if stems[beside / name.stem] == 1 else name.name) or "picture"
        stem = in_archives.get(source.name, stem)
        outputs = Outputs(
            _target(output or beside, stem, suffix, count, "recipe", files=output is not None),
            form,
            None if script is None else _target(script, stem, ".py", count, "script"),
            None if report is None else _target(report, stem, ".report.png", count, "report"),
        )
        work.append((source, outputs))
    written = [path for s, outputs in work if isinstance(s, Source) for path in outputs.paths()]
    if len(set(written)) < len(written):
        twice = next(path for path in written if written.count(path) > 1)
        raise click.UsageError(
            f"{label(str(twice))} would be written twice: compress pictures of the same name into different folders."
        )
    read = {s.path.resolve() for s in sources if isinstance(s, Source) and s.path is not None}
    for path in written:
        if path.resolve() in read:
            raise click.UsageError(f"{label(str(path))} is one of the pictures: give another name.")
    return work


def _folder(source: Source | Refused) -> Path:
    """Where it is; here, if that is not on this machine's disk."""
    path = getattr(source, "path", None)
    return Path() if path is None else path.parent


def _name(source: Source | Refused) -> Path:
    """A path whose last part is the picture's own name: of a file, its very bytes."""
    return getattr(source, "path", None) or Path(source.name)


def _names_in_archives(sources: Sequence[Source | Refused]) -> dict[str, str]:
    """Names of sources to stems, of those that have the same name in several folders of an archive: a-1.png, b-1.png."""
    alike: dict[str, list[str]] = {}
    for source in sources:
        if getattr(source, "path", None) is None:
            alike.setdefault(_name(source).name, []).append(source.name)
    stems: dict[str, str] = {}
    for names in alike.values():
        if len(set(names)) > 1:
            parts = [name.split("/") for name in names]
            columns = enumerate(zip(*parts, strict=False))
            common = next((at for at, column in columns if len(set(column)) > 1), 0)
            stems |= {
                name: re.sub(r"[/\\:]+", "-", "-".join(part[common:])).strip("-.")
                for name, part in zip(names, parts, strict=True)
            }
    return stems


def _target(given: Path, stem: str, suffix: str, count: int, what: str, *, files: bool = True) -> Path:
    """A file for one picture, in a folder if that is what was given."""
    if files and given.suffix and not given.is_dir():
        if count > 1:
            raise click.UsageError(
                f"The {what}s of {count} pictures cannot go to the one file {given}: give a folder."
            )
        return given
    return given / _fitting(stem, suffix)


_NAME_BYTES = 255
"""That file systems allow a name, nearly all of them."""


def _fitting(stem: str, suffix: str) -> str:
    """A file's name; where that is too long, a part of it and a hash of all of it, so that others do not get the same."""
    import hashlib

    def encoded(text: str) -> bytes:
        return text.encode("utf-8", "surrogateescape")

    if len(encoded(stem + suffix)) <= _NAME_BYTES:
        return stem + suffix
    suffix = f"-{hashlib.sha256(encoded(stem)).hexdigest()[:8]}{suffix}"
    while len(encoded(stem + suffix)) > _NAME_BYTES:
        stem = stem[:-1]
    return stem + suffix
