"""The commands that turn scripts into recipes and back: compile, decompile, preview."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haac._cli.arguments import (
    elements_in,
    open_repository,
    output_option,
    read_scene,
    recipe_argument,
    repo_or_url_option,
    repository_at_hand,
)
from haac._cli.streams import write_bytes
from haac_repo._internal import Console, command, completion, counted, given

if TYPE_CHECKING:
    from haac._scene import Scene
    from haac_repo import Repository


@command("compile", "Recipes")
@click.argument("script", type=click.Path(path_type=Path, dir_okay=False))
@output_option("File to write; without it, text to stdout.")
@click.option(
    "--form", type=click.Choice(["binary", "text"]), help="Default: text for .txt and stdout, else binary."
)
@click.option(
    "--fingerprint/--no-fingerprint",
    default=None,
    help="Add 16 bits of the repository's id, so that a wrong one is noticed: 2 bytes.  [default: if ids are checked]",
)
@repo_or_url_option
def compile_(
    console: Console, script: Path, output: Path | None, form: str | None, fingerprint: bool | None, repo: str
) -> None:
    """Turn a script into a recipe.

    This runs SCRIPT, which is Python: never compile one that you do not trust.

    Its ids are compared with the repository, and nothing is written where some are unknown or withdrawn. Without a repository
    here, and where neither --repo nor HAAC_REPO names one, they are taken as they are.
    """
    from haac import run_script, to_binary, to_text
    from haac._scene import SIMILAR
    from haac_repo import write_file

    scene = run_script(script)
    if fingerprint or scene.elements():
        with repository_at_hand(repo, console) as repository:
            _check_elements(console, scene, repository, repo, fingerprint=fingerprint)
    if fingerprint is False:
        scene.fingerprint = None
    text, binary = to_text(scene), to_binary(scene)
    form = form or ("text" if output is None or output.suffix == ".txt" else "binary")
    data = binary if form == "binary" else text.encode() + b"\n"
    facts = {
        "binary_bytes": len(binary),
        "text_chars": len(text),
        "layers": len(scene.layers),
        "text": text,
        "similar": scene.similar,
    }
    if output is not None:
        write_file(output, data)
        layers = counted(len(scene.layers), "layer")
        told = f"{output}: {len(data)} bytes, {layers}"
        console.data(facts | {"output": str(output)}, f"{told}, {SIMILAR}" if scene.similar else told)
    elif form == "binary" and not console.as_json:
        if sys.stdout.isatty():
            raise click.UsageError("A binary recipe would garble the terminal. Give a file with -o.")
        write_bytes(data)
    else:
        console.data(facts, text)


def _check_elements(
    console: Console, scene: Scene, repository: Repository | None, repo: str, *, fingerprint: bool | None
) -> None:
    """Compare the ids of a scene with the repository, and give it that one's fingerprint.

    Raises:
        ElementError: ids are unknown or were withdrawn; the message names them all.
        RecipeError: the scene says that it was made for another repository, and somebody named this one.
        RepositoryError: there is none to take the fingerprint of.
    """
    from haac_repo import RecipeError, RepositoryError
    from haac_repo._internal import require

    if repository is None:
        if fingerprint:
            raise RepositoryError.missing(repo)
        console.detail(f"The ids are not checked: there is no repository in {repo}.")
        return
    if fingerprint:
        scene.fingerprint = repository.fingerprint
    if scene.fingerprint not in (None, repository.fingerprint):
        other = (
            f"the scene was made for a repository with the fingerprint {scene.fingerprint:04x}, the one in {repo} has"
            f" {repository.fingerprint:04x}"
        )
        if given("repo"):
            raise RecipeError(f"{other}: name the right one with --repo, or use --fingerprint")
        console.note(f"The ids are not checked: {other}.")
        return
    require(repository, sorted(scene.elements()))
    scene.fingerprint = repository.fingerprint


@command("decompile", "Recipes")
@recipe_argument
@output_option("Script to write; default: stdout.")
def decompile(console: Console, recipe: str, output: Path | None) -> None:
    """Turn a recipe back into a script.

    The script compiles to the same bytes: with --no-fingerprint, where the recipe has none. Nothing is run.
    """
    from haac import to_script
    from haac_repo import write_file

    script = to_script(read_scene(recipe))
    if output is None:
        console.data({"script": script}, script.rstrip("\n"))
    else:
        write_file(output, script.encode())
        console.data({"script": script, "output": str(output)}, f"{output}: {len(script.splitlines())} lines")


@command("preview", "Recipes")
@click.argument("scene", shell_complete=completion.files)
@output_option("Picture to write; default: NAME.preview.png.")
@click.option("--open", "open_", is_flag=True, help="Show it in the system's viewer.")
@repo_or_url_option
def preview(console: Console, scene: str, output: Path | None, open_: bool, repo: str) -> None:
    """Render a script or recipe as it is so far.

    SCENE is a script (.py), a recipe, - or the text form itself.
    """
    from haac import render, run_script, to_binary
    from haac._files import check_fingerprint, picture_bytes, picture_format
    from haac._render import NO_ELEMENTS
    from haac._scene import SIMILAR
    from haac_repo import write_file
    from haac_repo._internal import require

    path = output or Path((Path(scene).stem if Path(scene).suffix else "scene") + ".preview.png")
    picture_format(path.suffix)  # before what may take long
    described = run_script(Path(scene)) if scene.endswith(".py") else read_scene(scene)
    with open_repository(repo, elements_in(described), console) as repository:
        check_fingerprint(described, repository)
        if repository is not None:
            require(repository, sorted(described.elements()))
            if described.elements():  # as `compile` would write it
                described.fingerprint = repository.fingerprint
        picture = render(described, repository or NO_ELEMENTS)
    write_file(path, picture_bytes(picture, path.suffix))
    size = len(to_binary(described))
    facts = {
        "output": str(path),
        "layers": len(described.layers),
        "binary_bytes": size,
        "similar": described.similar,
    }
    told = f"{path}: {counted(len(described.layers), 'layer')}, {size} bytes as a recipe"
    console.data(facts, f"{told}, {SIMILAR}" if described.similar else told)
    if open_:
        console.show_file(path)
