"""The command `study`: how large a catalog must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haac_repo._internal import Console, command, completion, group, refuse, repo_option

if TYPE_CHECKING:
    from haac_evidence._study.run import Study

study = group("study", "Recipes", "Answer a question about recipes by measuring it.")


def _added(function: Callable[..., Any]) -> Callable[..., Any]:
    assert isinstance(function, click.Command)
    study.add_command(function)
    return function


def _sizes(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, ...]:
    """Numbers of elements: 8,32,128."""
    if value is None:
        return ()
    try:
        found = tuple(sorted({int(part) for part in value.split(",")}))
    except ValueError:
        raise click.BadParameter(
            f"{value!r}: numbers with commas between them are expected, as in 8,32,128"
        ) from None
    if found[0] < 1:
        raise click.BadParameter(f"{value!r}: a catalog has at least one element")
    return found


@_added
@command("catalog-size", "Recipes")
@repo_option
@click.option(
    "--sizes",
    callback=_sizes,
    metavar="N,N,...",
    help="Catalogs of so many elements; more than there are: all.  [default: 8, 16, 32, ... and all]",
)
@click.option(
    "--exact/--no-exact",
    default=True,
    show_default=True,
    help="Scenes drawn from the elements, compressed with those that a catalog has.",
)
@click.option(
    "--similar/--no-similar",
    default=None,
    help="Photographs, told by elements that are like what they show.  [default: if there are --pictures]",
)
@click.option(
    "--pictures",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    shell_complete=completion.files,
    help="Photograph, or folder of them, for --similar. May be given several times.",
)
@click.option(
    "--judge",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    shell_complete=completion.files,
    help="Classifier of ImageNet's classes (.onnx or .tflite) that says how like a recipe is.  [default: the network that retrieves]",
)
@click.option("--model", help="Model that finds what stands out in photographs (see `haac models`).")
@click.option(
    "--budget",
    type=click.IntRange(12),
    default=100,
    show_default=True,
    help="Bytes that a photograph may have.",
)
@click.option(
    "--draws",
    type=click.IntRange(1, 100),
    default=2,
    show_default=True,
    help="Random orders of elements, for --similar.",
)
@click.option(
    "--scenes",
    type=click.IntRange(1, 10_000),
    default=32,
    show_default=True,
    help="Scenes that are drawn, for --exact.",
)
@click.option(
    "--matched",
    type=click.IntRange(0, 1000),
    default=2,
    show_default=True,
    help="Scenes of each catalog's own elements that the matcher is timed with, for --exact.",
)
@click.option(
    "--zipf",
    type=click.FloatRange(0, 4),
    default=1.0,
    show_default=True,
    help="How unequally often elements are used: frequencies are inverse to this power of the rank; 0: all alike.",
)
@click.option(
    "--quality",
    type=click.IntRange(0, 100),
    default=30,
    show_default=True,
    help="How fine the wash is that draws what a catalog lacks, for --exact.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of all random draws.")
@click.option(
    "--gain",
    type=click.FloatRange(0, 1),
    default=0.02,
    show_default=True,
    help="What a doubling must bring to be worth it, as a part of 1.",
)
@click.option(
    "--stored-gb",
    type=click.FloatRange(0),
    default=0.023,
    show_default=True,
    help="Price of a GB that is kept for a month.",
)
@click.option(
    "--transferred-gb",
    type=click.FloatRange(0),
    default=0.09,
    show_default=True,
    help="Price of a GB that is sent.",
)
@click.option(
    "--pictures-a-day",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="New pictures, each stored and sent once.",
)
@click.option(
    "--days", type=click.IntRange(1), default=365, show_default=True, help="Of the whole reckoning."
)
@click.option(
    "--clients", type=click.IntRange(1), default=10, show_default=True, help="Who mirror the catalog."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for all figures (.json). What an interrupted run has measured stays beside it, and the next one goes on there.",
)
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw them to this file (.png or .svg)."
)
def catalog_size(
    console: Console,
    repo: Path,
    similar: bool | None,
    pictures: tuple[Path, ...],
    output: Path | None,
    plot: Path | None,
    **options: Any,
) -> None:
    """Find out how large a catalog must be.

    Catalogs of growing size are made of the repository's elements, each within the next, and pictures are described with each. For
    exact elements, scenes are drawn from all of them; what a catalog lacks goes to the wash. For similar ones, photographs are told
    by what is most like them, never by what was cut out of themselves. For each size: quality, bytes of a recipe, bytes that a client
    fetches, time, what it all costs, and after how many pictures it pays. The knee is the point furthest above the chord (Kneedle).

    The repository is not changed. Needs haac[ingest], --similar haac[similar] too, --plot haac[evidence].
    """
    asked = _asked(similar, pictures, options)
    _check(output, ".json")
    _check(plot, ".png", ".svg")
    from haac_evidence._record import machine, write_record
    from haac_evidence._study.run import study as measure
    from haac_pipeline._internal import limit_threads, need_matching, need_telling
    from haac_repo import Repository

    limit_threads(1)
    if asked.exact is not None:
        need_matching()
    if asked.similar is not None:
        need_telling()
        asked = _with_segmenter(asked, console)
    if plot is not None:
        from haac_evidence._plots import need_plots

        need_plots()
    part = None if output is None else output.with_name(f"{output.name}.part")
    with Repository.open(repo) as world:
        found = measure(world, asked, console.progress, console.note, part)
    found = {"machine": machine(("rembg", "onnxruntime", "faiss-cpu")), **found}
    if output is not None:
        write_record(output, found)
        console.note(f"Wrote {output}")
    if part is not None:
        part.unlink(missing_ok=True)
    if plot is not None:
        from haac_evidence._study.plot import plot as draw

        draw(found, plot)
        console.note(f"Wrote {plot}")
    console.data(found, _lines(found))


def _check(path: Path | None, *suffixes: str) -> None:
    """Refuse a file that could not be written, before anything is measured."""
    if path is None:
        return
    if path.suffix.lower() not in suffixes:
        raise click.UsageError(f"{path.name}: the name must end in {' or '.join(suffixes)}")
    if not path.absolute().parent.is_dir():
        raise click.UsageError(f"there is no folder {path.parent} for {path.name}.")


def _asked(similar: bool | None, pictures: tuple[Path, ...], options: dict[str, Any]) -> Study:
    """What the options say; refuses those that would do nothing."""
    from haac_evidence._study.cost import Prices
    from haac_evidence._study.exact import ExactOptions
    from haac_evidence._study.run import Study
    from haac_evidence._study.similar import SimilarStudy

    similar = bool(pictures) if similar is None else similar
    if similar and not pictures:
        raise click.UsageError("--similar tells photographs: name some with --pictures.")
    if not similar:
        refuse({"pictures", "judge", "model", "budget", "draws"}, "goes with --similar.")
    if not options["exact"]:
        refuse({"scenes", "matched", "zipf", "quality"}, "goes with --exact.")
    if not similar and not options["exact"]:
        raise click.UsageError("nothing is left to measure: --exact, or --similar with --pictures.")
    seed = options["seed"]
    exact = ExactOptions(
        scenes=options["scenes"],
        matched=options["matched"],
        zipf=options["zipf"],
        quality=options["quality"],
        seed=seed,
    )
    like = SimilarStudy(budget=options["budget"], draws=options["draws"], seed=seed)
    return Study(
        sizes=options["sizes"],
        exact=exact if options["exact"] else None,
        similar=like if similar else None,
        pictures=_files(pictures),
        judge=options["judge"],
        segmenter=options["model"] or "",
        prices=Prices(
            stored=options["stored_gb"],
            transferred=options["transferred_gb"],
            pictures_a_day=options["pictures_a_day"],
            days=options["days"],
            clients=options["clients"],
        ),
        gain=options["gain"],
    )


def _files(named: tuple[Path, ...]) -> tuple[Path, ...]:
    """The pictures that are named, those of folders by name."""
    suffixes = {".png", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff"}
    found: list[Path] = []
    for path in named:
        if path.is_dir():
            inside = sorted(each for each in path.iterdir() if each.suffix.lower() in suffixes)
            if not inside:
                raise click.UsageError(f"{path} holds no picture ({', '.join(sorted(suffixes))}).")
            found += inside
        else:
            found.append(path)
    return tuple(found)


def _with_segmenter(asked: Study, console: Console) -> Study:
    from dataclasses import replace

    from haac_pipeline._internal import choose_model

    return replace(asked, segmenter=choose_model(asked.segmenter or None, console.note))


_COLUMNS = {
    "elements": "elements",
    "held_share": "held",
    "layers_found": "found",
    "told": "told",
    "likeness": "likeness",
    "kind_right": "kind",
    "agree": "agree",
    "recipe_bytes": "recipe",
    "peer_bytes": "peer",
    "wash_bytes": "wash",
    "psnr": "PSNR",
    "mirror_bytes": "mirror",
    "mirror_bytes_of_recipes": "of it used",
    "pays_after": "pays after",
    "indexing_seconds": "index s",
    "seconds_a_picture": "picture s",
    "cost": "cost",
}


def _lines(found: dict[str, Any]) -> Iterator[str]:
    for way, what in found.get("exact", {}).items():
        yield f"exact elements, {way}:"
        yield from _table(what["rows"])
    if "similar" in found:
        yield f"similar elements, judge {found['similar']['judge']}:"
        yield from _table(found["similar"]["rows"])
    yield from found["sentences"]


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    names = [name for name in _COLUMNS if name in rows[0]]
    cells = [[_COLUMNS[name] for name in names], *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(names))]
    for line in cells:
        yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}"
