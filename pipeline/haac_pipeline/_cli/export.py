"""The command `haac export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haac._cli.arguments import elements_in, open_repository, read_scene, recipe_argument, repo_or_url_option
from haac_repo._internal import Console, command, counted

if TYPE_CHECKING:
    from haac import Inline, Scene
    from haac_layers import Document
    from haac_repo import Repository

_WRITERS = {".ora": "OpenRaster", ".psd": "Photoshop", ".svg": "SVG"}


@command("export", "Recipes")
@recipe_argument
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Layered file to write; its name ends in .ora (GIMP, Krita), .psd (Photoshop) or .svg (Inkscape).",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@repo_or_url_option
def export(console: Console, recipe: str, output: Path, force: bool, repo: str) -> None:
    """Give a recipe's layers to an editor.

    RECIPE is a file, - or the text form itself. Each layer becomes a layer of pixels as the renderer draws it, where it stands, with
    its opacity and the name of its element. `haac credits` says whose the elements are.
    """
    from haac._internal import check_fingerprint

    kind = output.suffix.lower()
    if kind not in _WRITERS:
        known = ", ".join(f"{suffix} ({name})" for suffix, name in _WRITERS.items())
        raise click.UsageError(
            f"The name {output.name} does not say the format: it must end in one of {known}."
        )
    if output.exists() and not force:
        raise click.UsageError(f"{output} exists: name another file with -o, or use --force.")
    scene = read_scene(recipe)
    with open_repository(repo, elements_in(scene), console) as repository:
        check_fingerprint(scene, repository)
        output.parent.mkdir(parents=True, exist_ok=True)
        names = _write(scene, repository, output)
    size = (scene.width, scene.height)
    console.data(
        {
            "file": str(output),
            "format": _WRITERS[kind],
            "size": size,
            "layers": names,
        },
        f"{output}: {size[0]}x{size[1]}, {counted(len(names), 'layer')}",
    )


def _write(scene: Scene, repository: Repository | None, path: Path) -> list[str]:
    """Write the layers of a scene, and what the renderer makes of all of them.

    Returns:
        Names of the layers, back to front.
    """
    from haac import ElementCache, Inline, render
    from haac._internal import NO_ELEMENTS
    from haac_layers import Document, drawn_layers
    from haac_repo import format_id

    inlines = scene.inlines()

    def name_of(element: int | Inline) -> str:
        if isinstance(element, Inline):
            return f"inline element {inlines.index(element) + 1}"
        name = repository.element(element).name if repository is not None else ""
        return name or f"element {format_id(element)}"

    cache = ElementCache(repository or NO_ELEMENTS)
    layers = tuple(drawn_layers(scene, cache, name_of))
    kind = path.suffix.lower()
    if kind == ".psd":
        from haac_layers import write_psd

        write_psd(scene, cache, path, name_of)
    else:
        document = Document(scene.width, scene.height, layers, render(scene, cache))
        _WRITE[kind](path, document)
    return [layer.name for layer in layers]


def _write_ora(path: Path, document: Document) -> None:
    from haac_layers import write_ora

    write_ora(path, document)


def _write_svg(path: Path, document: Document) -> None:
    from haac_layers import write_svg

    write_svg(path, document)


_WRITE = {".ora": _write_ora, ".svg": _write_svg}
