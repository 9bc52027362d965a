"""The commands that take recipes: decompress, inspect, explain, credits."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from haac._cli.arguments import (
    elements_in,
    is_text_form,
    open_repository,
    read_scene,
    recipe_argument,
    recipe_reader,
    repo_or_url_option,
)
from haac_repo._internal import Console, command, completion, refuse, repo_option

if TYPE_CHECKING:
    from haac._inline import Inline
    from haac._scene import Scene
    from haac_repo import Element


class _AtHand(NamedTuple):
    """What the repository at hand, if there is one, knows of a recipe."""

    name_of: Callable[[int | Inline], str]
    """What to call elements: by the catalog, else by id."""
    fits: bool | None
    """Whether the recipe's fingerprint is that of the repository; None if one of them has none."""
    told: str
    """Of the fingerprint, in words; empty where there is nothing that it could be about."""
    elements: dict[int, Element]
    """Those of the recipe that the catalog knows, by number."""

    def facts(self, scene: Scene) -> dict[str, object]:
        """For --json."""
        mark = None if scene.fingerprint is None else f"{scene.fingerprint:04x}"
        return {"fingerprint": mark, "fits_repository": self.fits, "similar": scene.similar}


def _at_hand(repo: Path, scene: Scene, console: Console) -> _AtHand:
    """Compare a recipe with the repository at hand, if there is one."""
    from haac._forms.names import element_names
    from haac_repo import HaacError, Repository

    elements: dict[int, Element] = {}
    fits = None
    mark = None if scene.fingerprint is None else f"{scene.fingerprint:04x}"
    told = f"Made for a repository with the fingerprint {mark}" if mark else ""
    if mark is None and scene.elements():
        told = "It has no fingerprint: nothing tells which repository its ids belong to."
    try:
        with Repository.open(repo) as repository:
            if mark:
                fits = scene.fingerprint == repository.fingerprint
                other = f"not the one in {repo}, which has {repository.fingerprint:04x}: the ids mean something else there"
                told += f", as {repo} has." if fits else f", {other}."
            if fits is not False:
                for number in scene.elements():
                    elements[number] = repository.element(number)
    except HaacError as error:
        console.detail(f"Names are not shown: {error}")
    if mark and fits is None:
        told += "; there is none at hand to compare it with."

    return _AtHand(element_names(scene, elements), fits, told, elements)


def _note_similar(console: Console, name: str) -> None:
    """Say of a paraphrase that it is one, beside the result."""
    from haac._scene import SIMILAR

    console.note(f"{name}: {SIMILAR}: its elements are like what the original shows.")


@command("decompress", "Recipes")
@click.argument("recipes", nargs=-1, required=True, shell_complete=completion.files)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Picture, or folder for several; default: beside each recipe.",
)
@click.option(
    "--format",
    "suffix",
    type=click.Choice(["png", "webp"]),
    default="png",
    show_default=True,
    help="Without -o FILE.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=os.cpu_count() or 1,
    show_default="all cores",
    help="Threads.",
)
@click.option("--force", is_flag=True, help="Without -o: replace pictures that show something else.")
@repo_or_url_option
def decompress(
    console: Console,
    recipes: tuple[str, ...],
    output: Path | None,
    suffix: str,
    jobs: int,
    force: bool,
    repo: str,
) -> int:
    """Turn recipes into pictures.

    RECIPES are files, folders of .haac and .txt files, - for standard input, or the text form itself.

    Needs nothing but the repository or a mirror of it. The same recipe gives the same pixels on every machine. Without -o, a file
    that shows something else is left alone: it may be the picture that the recipe was made of.
    """
    from haac._files import decode_files

    if output is not None and output.suffix and not output.is_dir():
        refuse({"suffix"}, f"goes without -o FILE: the name {output.name} says the format.")
    work = _targets(recipes, output, suffix)
    with open_repository(repo, lambda found: _needed(work, found), console) as repository:
        done, failed = [], 0
        with console.progress("Decoding", len(work) if len(work) > 1 else None, "pictures") as advance:
            for result in decode_files(work, repository, jobs, force=force or output is not None):
                advance(1)
                done.append(result)
                failed += bool(result.error)
    for result in done:
        if result.error:
            console.error(f"{result.recipe}: {result.error}")
    rows = [
        {"recipe": r.recipe, "error": r.error}
        if r.error
        else {
            "recipe": r.recipe,
            "picture": str(r.picture),
            "size": r.size,
            "pixels": r.pixels,
            "similar": r.similar,
        }
        for r in done
    ]
    similar = [str(r.picture) for r in done if r.similar]
    if similar:
        _note_similar(console, similar[0] if len(similar) == 1 else f"{len(similar)} of the pictures")
    lines = [f"{r.picture}: {r.size[0]}x{r.size[1]}, pixels {r.pixels[:16]}" for r in done if r.size]
    console.data(rows, lines if len(lines) <= 20 else f"{len(lines)} pictures written")
    return 1 if failed else 0


def _targets(
    recipes: tuple[str, ...], output: Path | None, suffix: str
) -> list[tuple[str, Callable[[], bytes], Path]]:
    """Each recipe with the picture to write."""
    from haac._files import SUFFIXES

    names: list[str] = []
    if "" in recipes:
        raise click.UsageError("A recipe's name is empty: is a variable of the shell unset?")
    for recipe in recipes:
        if Path(recipe).is_dir():
            found = sorted(
                path for path in Path(recipe).iterdir() if path.suffix in SUFFIXES and path.is_file()
            )
            if not found:
                raise click.UsageError(f"{recipe} holds no .haac or .txt file.")
            names += map(str, found)
        else:
            names.append(recipe)
    if output is not None and output.suffix and not output.is_dir():
        if len(names) > 1:
            raise click.UsageError(
                f"{len(names)} recipes cannot go to the one file {output}: give a folder with -o."
            )
        return [(names[0], recipe_reader(names[0]), output)]
    work = []
    for n, name in enumerate(names, 1):
        written = name == "-" or is_text_form(name)
        stem = ("picture" if len(names) == 1 else f"picture-{n}") if written else Path(name).stem
        folder = output or (Path() if written else Path(name).parent)
        work.append((name, recipe_reader(name), folder / f"{stem}.{suffix}"))
    paths = [path for _, _, path in work]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise click.UsageError(
            f"Two recipes would be written to {twice}: decode them into different folders."
        )
    return work


def _needed(work: list[tuple[str, Callable[[], bytes], Path]], fingerprint: int | None) -> set[int]:
    """The elements of all recipes that can be read and fit the repository; the others are reported when it is their turn."""
    from haac import read_recipe
    from haac_repo import HaacError

    needed: set[int] = set()
    for _, read, _ in work:
        with contextlib.suppress(HaacError, OSError):
            needed |= elements_in(read_recipe(read()))(fingerprint)
    return needed


@command("inspect", "Recipes")
@recipe_argument
@repo_option
def inspect(console: Console, recipe: str, repo: Path) -> None:
    """Show what a recipe is made of: each value with its bits.

    RECIPE is a file, - or the text form itself. Elements are shown with their names, if the repository is at hand.
    """
    from haac._forms.inspect import inspect as take_apart
    from haac._scene import SIMILAR

    found = take_apart(read_scene(recipe))
    at_hand = _at_hand(repo, found.scene, console)
    name_of = at_hand.name_of
    layers = found.scene.layers
    costs: dict[str, float] = {}
    for field in found.fields:
        costs[field.part] = costs.get(field.part, 0.0) + field.bits
    lines = []
    part = ""
    for field in found.fields:
        if field.part != part:
            part = field.part
            title = (
                f"{part}: {name_of(layers[int(part[6:]) - 1].element)}" if part.startswith("layer") else part
            )
            lines.append(f"{title}  [{costs[part]:.1f} bits]")
        lines.append(f"    {field.name:<20}{field.value:>10}{field.bits:>9.2f} bits")
    total = sum(field.bits for field in found.fields)
    lines.append(
        f"{total:.1f} bits: {found.binary_bytes} bytes as binary, {found.text_chars} characters as text"
    )
    if layers:
        lines.append(f"{found.binary_bytes / len(layers):.2f} bytes a layer, header included")
    if found.scene.similar:
        lines.append(f"{SIMILAR[0].upper()}{SIMILAR[1:]}: its elements are like what the original shows.")
    if at_hand.told:
        lines.append(at_hand.told)
    fields = [
        {"part": f.part, "name": f.name, "value": f.value, "bits": round(f.bits, 3)} for f in found.fields
    ]
    facts = {
        "binary_bytes": found.binary_bytes,
        "text_chars": found.text_chars,
        "bits": round(total, 3),
        "fields": fields,
    }
    elements = {n: name_of(n) for n in sorted(found.scene.elements())}
    console.data(facts | at_hand.facts(found.scene) | {"elements": elements}, lines)


@command("explain", "Recipes")
@recipe_argument
@repo_option
def explain(console: Console, recipe: str, repo: Path) -> None:
    """Say a recipe in plain English.

    Of one whose elements are similar to what a photograph shows, not the same, first comes a caption of the photograph.
    """
    from haac._forms.inspect import explain as tell
    from haac._forms.names import caption_by
    from haac._scene import SIMILAR

    scene = read_scene(recipe)
    at_hand = _at_hand(repo, scene, console)
    facts = at_hand.facts(scene)
    lines = [tell(scene, at_hand.name_of), at_hand.told]
    if scene.similar:
        said = caption_by(scene, at_hand.elements)
        facts["caption"] = said
        lines = [said, f"{SIMILAR[0].upper()}{SIMILAR[1:]}.", *lines]
    text = "\n".join(filter(None, lines))
    console.data({"english": text} | facts, text)


@command("credits", "Recipes")
@recipe_argument
@repo_or_url_option
def credits_(console: Console, recipe: str, repo: str) -> None:
    """List licence and attribution of a recipe's elements."""
    from haac._files import check_fingerprint

    scene = read_scene(recipe)
    rows = []
    with open_repository(repo, elements_in(scene), console) as repository:
        check_fingerprint(scene, repository)
        for element in [repository.element(n) for n in sorted(scene.elements())] if repository else []:
            terms = element.provenance
            rows.append(
                {
                    "id": element.id,
                    "name": element.name,
                    "licence": terms.licence,
                    "attribution": terms.attribution,
                    "source": terms.source,
                    "withdrawn": element.withdrawn,
                    "similar": scene.similar,
                }
            )
    lines = [
        f"{row['id']:>6}  {row['name'] or '(no name)'}: {row['licence'] or 'licence unknown'}"
        + (f", by {row['attribution']}" if row["attribution"] else "")
        + (f", from {row['source']}" if row["source"] else "")
        + (f"  WITHDRAWN: {row['withdrawn']}" if row["withdrawn"] is not None else "")
        for row in rows
    ]
    if scene.similar:
        _note_similar(console, "The recipe")
    console.data(rows, lines or "The recipe uses no element.")
