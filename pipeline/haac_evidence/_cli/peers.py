"""The command `haac bench peers`."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haac_repo._internal import Console, command, completion, counted, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from haac_evidence._peers.drawn import CatalogBytes, Drawn
    from haac_evidence._peers.measure import Outcome, Work
    from haac_evidence._peers.run import Photograph
    from haac_evidence._peers.similar import Telling
    from haac_evidence._scores.judge import Judging


class _Budgets(click.ParamType[tuple[int, ...]]):
    """Whole numbers, apart by commas."""

    name = "BYTES,..."

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        try:
            found = tuple(sorted({int(part) for part in str(value).split(",")}))
        except ValueError:
            self.fail(f"{value!r} is not a list of whole numbers, such as 100,1000,10000", param, ctx)
        if found[0] < 1:
            self.fail(f"{found[0]} is not a number of bytes: at least 1", param, ctx)
        return found


@command("peers", "Recipes")
@click.argument("paths", nargs=-1, metavar="[PICTURE]...", shell_complete=completion.files)
@click.option(
    "--repo",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Repository from whose elements scenes are drawn.  [default: no scenes]",
)
@click.option(
    "--scenes",
    type=click.IntRange(0, 1000),
    default=3,
    show_default=True,
    help="So many scenes are drawn, with --repo.",
)
@click.option(
    "--similar-repo",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Repository with a similar index, by whose elements photographs are told, too.  [default: they are not]",
)
@click.option(
    "--model", help="Model that finds objects of photographs, with --similar-repo (see `haac models`)."
)
@click.option(
    "--judge",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    shell_complete=completion.files,
    help="Classifier of ImageNet's classes (.onnx or .tflite) that says what a picture shows."
    "  [default: the network that retrieves, if its file is here]",
)
@click.option(
    "--budgets",
    type=_Budgets(),
    default="20,50,100,300,1000,3000,10000,30000,100000",
    show_default=True,
    help="Bytes at which formats are compared.",
)
@click.option(
    "--long",
    type=click.IntRange(16, 8192),
    default=512,
    show_default=True,
    help="Pixels of the long side that larger pictures are reduced to before.",
)
@click.option(
    "--thorough", is_flag=True, help="Let encoders try harder, and search more: three times as long."
)
@click.option("--only", multiple=True, metavar="FORMAT", help="Only this format, beside haac; several times.")
@click.option(
    "--jobs", type=click.IntRange(0, 256), default=0, help="Worker processes.  [default: one a core]"
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="JSON of all files and figures."
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Plots (.png or .svg): scores over bytes; of scenes beside it, under the name with -scenes.",
)
def peers(
    console: Console,
    paths: tuple[str, ...],
    repo: Path | None,
    scenes: int,
    similar_repo: Path | None,
    model: str | None,
    judge: Path | None,
    budgets: tuple[int, ...],
    long: int,
    thorough: bool,
    only: tuple[str, ...],
    jobs: int,
    output: Path | None,
    plot: Path | None,
) -> int:
    """Rate against distortion: recipes beside other formats.

    PICTURE is a picture, or a folder of them, that no catalog knows: haac makes a wash of it. With --repo also scenes are drawn from
    the repository's elements, which haac finds again. AVIF, WebP, JPEG XL, JPEG 2000, JPEG, BlurHash and ThumbHash stand at their
    best for every number of bytes: quality, settings and a scale from which the picture is drawn back. With their headers, and as if
    those were free.

    With --similar-repo photographs are told by elements that are like what they show, too, never by what was cut out of themselves.
    A judge says whether a picture is still of the original's kind (a dog, a boat), where it knows that.

    A run that was stopped goes on when it is started again with the same --output.
    """
    from haac_pipeline._internal import limit_threads

    limit_threads(1)
    if not paths and repo is None:
        raise click.UsageError("there is nothing to measure: give pictures, or --repo, or both.")
    if similar_repo is not None and not paths:
        raise click.UsageError("--similar-repo tells photographs: give some.")
    _check_plot(plot)
    from haac_evidence._peers.record import lines, missing, record
    from haac_evidence._peers.run import Settings, plan

    judging, no_judge = _judging(judge, console)
    settings = Settings(budgets=budgets, thorough=thorough, formats=_formats(only), judge=judging)
    pictures, refused = _pictures(paths, long, _telling(similar_repo, model, console))
    for line in refused:
        console.error(line)
    with contextlib.ExitStack() as stack:
        drawn, catalog = _drawn(stack, repo, scenes)
        if not pictures and not drawn:
            console.error("There is no picture to measure.")
            return 1
        works = plan(pictures, drawn, None if repo is None else repo.resolve(), settings)
        for name, why in missing(no_judge).items():
            console.note(f"{name}: not measured, {why}")
        console.note(f"{counted(len(pictures) + len(drawn), 'picture')}, {len(works)} series of files")
        started = time.monotonic()
        outcomes = _measured(console, works, jobs, output)
    made = record(works, outcomes, settings, catalog, time.monotonic() - started, no_judge)
    _written(console, made, output, plot)
    console.data(made, lines(made))
    lost = [f"{name}: {why}" for group in made["groups"].values() for name, why in group["lost"].items()]
    for line in lost:
        console.error(line)
    return 1 if refused or lost else 0


def _check_plot(plot: Path | None) -> None:
    if plot is None:
        return
    if plot.suffix.lower() not in (".png", ".svg"):
        raise click.BadParameter(f"{plot.name}: the name must end in .png or .svg", param_hint="--plot")
    from importlib.util import find_spec

    if not find_spec("matplotlib"):
        from haac_repo import MissingExtraError

        raise MissingExtraError("plots need matplotlib, not installed here: pip install 'haac[evidence]'")


def _formats(only: tuple[str, ...]) -> tuple[str, ...]:
    """Those that were asked for, by their exact names; empty for all."""
    from haac_evidence._peers.measure import HAAC, formats

    there = {name.lower(): name for name in formats()}
    for name in only:
        if name.lower() not in there:
            raise click.BadParameter(
                f"{name} is none of those that are here: {', '.join(there.values())}", param_hint="--only"
            )
    return tuple(dict.fromkeys([HAAC, *(there[name.lower()] for name in only)])) if only else ()


def _judging(path: Path | None, console: Console) -> tuple[Judging | None, str]:
    """The judge; or why there is none, where none is asked for."""
    from haac_evidence._scores.judge import choose_judge
    from haac_repo import HaacError

    try:
        found = choose_judge(path)
    except HaacError as error:
        if path is not None:
            raise
        return None, f"needs a judge, and {error}"
    if path is None:
        console.note(
            f"Kinds are judged by {found.name}, which also retrieves similar elements: --judge names another"
        )
    return found, ""


def _telling(path: Path | None, model: str | None, console: Console) -> Callable[[bytes], Telling] | None:
    """How a photograph, by its file, is told by the repository's elements."""
    if path is None:
        refuse({"model"}, "goes with --similar-repo.")
        return None
    import hashlib

    from haac_evidence._peers.similar import telling
    from haac_pipeline._internal import choose_model, need_telling
    from haac_repo import Repository

    need_telling()
    chosen = choose_model(model, console.note)

    def of(data: bytes) -> Telling:
        with Repository.open(path) as repository:
            return telling(repository, chosen, hashlib.sha256(data).hexdigest())

    return of


def _pictures(
    paths: tuple[str, ...], long: int, telling: Callable[[bytes], Telling] | None
) -> tuple[list[Photograph], list[str]]:
    """Each that can be read; and why others cannot."""
    from PIL import Image

    from haac_evidence._peers.run import Photograph
    from haac_pipeline import PassedOver, Refused, find_sources, read_picture
    from haac_repo import HaacError
    from haac_repo._internal import flattened

    found: list[Photograph] = []
    refused = []
    for source in find_sources(paths) if paths else ():
        if isinstance(source, PassedOver):
            continue
        if isinstance(source, Refused):
            refused.append(f"{source.name}: {source.reason}")
            continue
        try:
            data = source.read()
            image = flattened(read_picture(data).image)
        except HaacError as error:
            refused.append(f"{source.name}: {error}")
            continue
        image.thumbnail((long, long), Image.Resampling.LANCZOS)
        name = _unused(Path(source.name).stem, found)
        found.append(Photograph(name, image, None if telling is None else telling(data)))
    return found, refused


def _unused(name: str, found: list[Photograph]) -> str:
    """The name, with a number if another picture has it."""
    names = {each.name for each in found}
    return name if name not in names else f"{name} ({len(found) + 1})"


def _drawn(
    stack: contextlib.ExitStack, repo: Path | None, count: int
) -> tuple[list[Drawn], CatalogBytes | None]:
    if repo is None or not count:
        return [], None
    from haac_evidence._peers.drawn import catalog_bytes, scenes
    from haac_pipeline._internal import need_matching
    from haac_repo import Repository

    need_matching()
    repository = stack.enter_context(Repository.open(repo))
    drawn = list(scenes(repository, count))
    return drawn, catalog_bytes(repository, {number for each in drawn for number in each.elements})


def _measured(console: Console, works: list[Work], jobs: int, output: Path | None) -> list[Outcome]:
    import tempfile

    from haac_evidence._peers.run import measured
    from haac_pipeline._internal import Workers

    outcomes = []
    with (
        tempfile.TemporaryDirectory(prefix="haac-") as folder,
        console.progress("Measuring", len(works), "series") as advance,
    ):
        kept = Path(folder) / "part" if output is None else _part(output)
        for outcome in measured(works, kept, Workers(jobs=jobs, timeout=0)):
            outcomes.append(outcome)
            advance(1)
            console.detail(f"{len(outcomes)} of {len(works)}: {outcome.picture}, {outcome.format}")
    return outcomes


def _part(output: Path) -> Path:
    """Where outcomes are kept until all are there."""
    return output.with_name(f"{output.name}.part")


def _written(console: Console, made: dict[str, Any], output: Path | None, plot: Path | None) -> None:
    if output is not None:
        from haac_evidence._record import write_record

        write_record(output, made)
        _part(output).unlink(missing_ok=True)
        console.note(f"Wrote {output}")
    if plot is not None:
        from haac_evidence._peers.plot import plot as draw

        for path in draw(made, plot):
            console.note(f"Wrote {path}")
