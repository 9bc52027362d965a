"""The command `haac compress`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from haac_pipeline._cli.models import model_names
from haac_pipeline._cli.similar import opened, similar_options
from haac_pipeline._cli.targets import targets
from haac_pipeline._cli.workers import workers_options
from haac_repo._internal import Console, command, completion, refuse, repo_option

if TYPE_CHECKING:
    from haac_match import Options
    from haac_pipeline._compress.task import CompressedFile, Outputs
    from haac_pipeline._engine.workers import Workers
    from haac_pipeline._input.passed_over import PassedOverCount
    from haac_pipeline._input.source import Refused, Source
    from haac_repo import Repository
    from haac_similar import SimilarOptions

_INTERRUPTED = 130
"""Exit code of a run that Ctrl-C ended."""


@command("compress", "Recipes")
@repo_option
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=completion.files)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Recipe, or folder for several; default: beside each picture.",
)
@click.option(
    "--form", type=click.Choice(["binary", "text"]), help="Default: text for an output of .txt, else binary."
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Picture, or folder for several: original, render, difference, figures, what no element explains.",
)
@click.option(
    "--script",
    type=click.Path(path_type=Path),
    help="File (.py), or folder for several: the recipe as a script, to improve it by hand.",
)
@click.option(
    "--effort",
    type=click.IntRange(1, 9),
    default=5,
    show_default=True,
    help="1 is quick, 9 is thorough.",
)
@click.option("--budget", type=click.IntRange(1), metavar="BYTES", help="At most so many, as binary.")
@click.option(
    "--quality",
    type=click.IntRange(0, 100),
    help="How fine what no element explains is drawn; instead of a budget.",
)
@click.option(
    "--subject-weight",
    type=click.FloatRange(1, 100),
    help="How many times as much errors count on the subject of a picture, where bytes are shared out."
    "  [default: 4 if a segmenter is installed]",
)
@click.option(
    "--model",
    shell_complete=model_names,
    help="Model that tells the subject (see `haac models`).  [default: the best that is here, else offline]",
)
@click.option(
    "--inline/--no-inline",
    default=None,
    help="Let a recipe carry the subject, cut out, as WebP, where that is better; or no WebP at all."
    "  [default: WebP, but not cut out]",
)
@click.option(
    "--no-catalog",
    is_flag=True,
    help="Look for no elements, and need no repository: only a wash, of 318 bytes if nothing is said.",
)
@click.option(
    "--max-layers", type=click.IntRange(0), help="At most so many.  [default: 64, with --similar 3]"
)
@click.option(
    "--similar",
    is_flag=True,
    help="Tell what a photograph shows by elements that are like it, instead of finding those that are in it."
    "  [default budget: 100]",
)
@click.option("--people", is_flag=True, help="With --similar: people may be told by other people.")
@click.option("--always", is_flag=True, help="With --similar: also where it is in doubt.")
@click.option(
    "--only-tag",
    "only_tags",
    multiple=True,
    metavar="TAG",
    shell_complete=completion.tags,
    help="Look for elements with this tag only; with several, for those that have all.",
)
@click.option(
    "--fingerprint/--no-fingerprint",
    default=None,
    help="Add 16 bits of the repository's id, so that a wrong one is noticed: 2 bytes.  [default: if it has elements]",
)
@workers_options(3600, late="Of a picture that takes longer, write the best recipe so far")
def compress(
    console: Console,
    repo: Path,
    paths: tuple[str, ...],
    output: Path | None,
    form: Literal["binary", "text"] | None,
    report: Path | None,
    script: Path | None,
    effort: int,
    budget: int | None,
    quality: int | None,
    subject_weight: float | None,
    model: str | None,
    inline: bool | None,
    no_catalog: bool,
    max_layers: int | None,
    similar: bool,
    people: bool,
    always: bool,
    only_tags: tuple[str, ...],
    fingerprint: bool | None,
    workers: Workers,
) -> int:
    """Turn pictures into recipes: find which elements are in them, and where.

    PATH is a picture, a folder of them, a zip archive or a URL. The same picture, repository and options give the same bytes
    with the same packages on the same kind of processor, if nothing ends it early. What cannot be compressed is listed with its reason, the
    rest goes on, and the exit code is 1. Ctrl-C writes the best recipe so far of what is under way; a second one ends at once.

    With --similar a photograph is told by elements that are like what it shows, where that is sure enough; where not, it becomes a wash.
    Such a recipe is marked: similar, not the same. Needs haac[ingest,similar] and `haac index --similar`.
    """
    from haac_pipeline._compress.run import compress_files, in_this_process
    from haac_pipeline._compress.task import CompressedFile
    from haac_pipeline._compress.told import tell, with_notes
    from haac_pipeline._extra import need_telling
    from haac_pipeline._input.source import Refused
    from haac_pipeline._parallel import limit_threads
    from haac_repo import Repository

    limit_threads(1)  # the rest of `one_core` waits until it is known that there is something to compress
    asked, budget = budget, _budget(budget, quality, similar, no_catalog)
    sources, passed_over = _found(paths)
    work = targets(sources, output, form, report, script)
    refused = [source for source in sources if isinstance(source, Refused)]
    if len(refused) == len(sources):  # nothing heavy needs to be loaded
        return tell(console, [CompressedFile(picture=s.name, error=s.reason) for s in refused], passed_over)
    options: Options | SimilarOptions
    if similar:
        need_telling()
        segmenter = _segmenter(None, model, console, inline=True)
        options = similar_options(budget, max_layers, people, always, only_tags)
    else:
        options, segmenter = _matching(
            console,
            subject_weight,
            model,
            inline,
            no_catalog=no_catalog,
            effort=effort,
            budget=budget,
            quality=quality,
            max_layers=max_layers,
            only_tags=only_tags,
        )
    with contextlib.ExitStack() as stack:
        repository = None if no_catalog else stack.enter_context(Repository.open(repo))
        ready = _make_ready(console, repository, only_tags, work, None if similar else workers)
        if in_this_process(workers, len(work)):
            stack.enter_context(ready)
        how: dict[str, Any] = {"workers": workers, "fingerprint": fingerprint, "segmenter": segmenter}
        run = partial(compress_files, work, repository, options, **how)
        done, stopped = _watched(console, run, len(work), workers)
    if not similar:
        bounded = asked is not None or quality is not None
        done = [with_notes(result, asked, bounded=bounded, looked=not no_catalog) for result in done]
    code = tell(console, done, passed_over)
    return _INTERRUPTED if stopped else code


def _matching(
    console: Console,
    weight: float | None,
    model: str | None,
    inline: bool | None,
    *,
    no_catalog: bool,
    **others: Any,
) -> tuple[Options, str | None]:
    """The options of the matcher, and the model that tells the subject."""
    from haac_pipeline._compress.options import usual_options
    from haac_pipeline._extra import need_matching

    if not no_catalog:
        need_matching()
    segmenter = _segmenter(weight, model, console, inline=bool(inline))
    return usual_options(segmenter=segmenter, inline=inline, weight=weight, **others), segmenter


def _watched(
    console: Console, run: Callable[..., Iterator[CompressedFile]], count: int, workers: Workers
) -> tuple[list[CompressedFile], bool]:
    """All results, with progress: of one picture its steps; and whether Ctrl-C came before the last one.

    Args:
        console: shows it.
        run: compresses the pictures.
        count: of them.
        workers: that do it.
    """
    from haac_pipeline._compress.run import compress_file, in_this_process
    from haac_pipeline._engine.stopping import interruptible, stopping

    def told() -> None:
        console.note("Stopping with the best recipes so far; Ctrl-C again ends at once.")

    done: list[CompressedFile] = []
    with contextlib.ExitStack() as stack:
        if workers.cluster is None:
            stack.enter_context(interruptible(told))
        if count == 1 and in_this_process(workers, count):
            say = stack.enter_context(console.stages("Compressing"))
            results = run(work=partial(compress_file, step=say))
        else:
            results = run()
        advance = (
            stack.enter_context(console.progress("Compressing", count, "pictures")) if count > 1 else None
        )
        for result in results:
            if advance is not None:
                advance(1)
            done.append(result)
        return done, stopping()


def _budget(budget: int | None, quality: int | None, similar: bool, no_catalog: bool) -> int | None:
    """The bytes of a recipe at most; refuses options of which one says that the other has no meaning."""
    from haac_pipeline._compress.run import PAPER_BYTES

    if budget is not None and quality is not None:
        raise click.UsageError("--budget and --quality exclude each other: give one of them.")
    if similar:
        refuse(
            {"quality", "subject_weight", "inline", "no_catalog", "effort"},
            "is not for --similar, which tells what a photograph shows by a few elements.",
        )
    else:
        refuse({"people", "always"}, "goes with --similar.")
    if no_catalog:
        refuse(
            {"only_tags", "fingerprint", "max_layers", "effort"},
            "is about the elements of a repository, with --no-catalog none are looked for.",
        )
    return PAPER_BYTES if no_catalog and budget is None and quality is None else budget


def _found(paths: Sequence[str]) -> tuple[list[Source | Refused], PassedOverCount]:
    from haac_pipeline import PassedOver, PassedOverCount, find_sources

    sources: list[Source | Refused] = []
    passed_over = PassedOverCount()
    for each in find_sources(paths):
        if isinstance(each, PassedOver):
            passed_over.add(each)
        else:
            sources.append(each)
    return sources, passed_over


def _segmenter(weight: float | None, model: str | None, console: Console, *, inline: bool) -> str | None:
    """The model that tells the subject; None if that is not wanted, or cannot be and nobody asked for it."""
    if weight == 1 and not inline:
        if model is not None:
            raise click.UsageError("--model tells the subject, with --subject-weight 1 none is looked for.")
        return None
    from haac_pipeline._segment.models import OFFLINE
    from haac_pipeline._segment.session import need_segmentation
    from haac_pipeline._segment.subject import segmenter

    if weight is not None or inline:
        need_segmentation(OFFLINE)
    return segmenter(model, console.note)


def _make_ready(
    console: Console,
    repository: Repository | None,
    tags: tuple[str, ...],
    work: Sequence[tuple[Source | Refused, Outputs]],
    workers: Workers | None,
) -> contextlib.AbstractContextManager[None]:
    """Make the folders to write to, and let workers bring the match index up to date; without workers, that is done to the similar index.

    Returns:
        While it is open, what compresses in this process uses the similar index as it was opened here.

    Raises:
        ElementNotFoundError: no element has all the tags; then nothing was made.
    """
    from haac_pipeline._cli.index import keep_up
    from haac_pipeline._compress.options import need_tagged

    if repository:
        need_tagged(repository, tags)
    ready: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
    if repository is not None and workers is None:
        # What is missing is said once, and the index is brought up to date once.
        from haac_pipeline._compress.similar import opened_engine

        ready = opened_engine(repository, *opened(console, repository))
    for folder in {path.parent for _, outputs in work for path in outputs.paths()}:
        folder.mkdir(parents=True, exist_ok=True)
    if repository is not None:
        if workers is not None:
            keep_up(console, repository, workers)
        if not len(repository):
            console.note(
                f"{repository.path} has no element yet, so there is nothing to find: see `haac ingest`"
            )
    return ready
