"""How the commands read their arguments: recipes, and where their elements are."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from haac_repo._internal import DEFAULT_REPO, Console, completion, given

if TYPE_CHECKING:
    from haac._scene import Scene
    from haac_repo import Repository

F = TypeVar("F", bound=Callable[..., Any])

recipe_argument = click.argument("recipe", shell_complete=completion.files)
"""A file, `-` for standard input, or the text form itself."""


def output_option(text: str) -> Callable[[F], F]:
    """The option -o of commands that write one file: passes `output: Path | None`."""
    return click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help=text)


def is_text_form(recipe: str) -> bool:
    """Whether the argument is a recipe itself, not the name of a file."""
    return recipe.lower().startswith("haac1:")


def recipe_reader(recipe: str) -> Callable[[], bytes]:
    """How to read a recipe argument: the text form itself, `-` for standard input, or a file."""
    if is_text_form(recipe):
        return recipe.encode
    if recipe == "-":
        return functools.cache(sys.stdin.buffer.read)

    def read() -> bytes:
        from haac import LIMITS

        with Path(recipe).open("rb") as file:
            return file.read(LIMITS.text_chars + 1)

    return read


def is_url(repo: str) -> bool:
    """Whether the repository is one that is published elsewhere."""
    return repo.startswith(("http://", "https://"))


def read_scene(recipe: str) -> Scene:
    """The scene of a recipe argument."""
    from haac import read_recipe

    return read_recipe(recipe_reader(recipe)())


def elements_in(scene: Scene) -> Callable[[int | None], set[int]]:
    """What `open_repository` asks: the elements of a recipe; none of them in a repository that it was not made for."""
    from haac._files import fits

    return lambda fingerprint: scene.elements() if fits(scene, fingerprint) else set()


def repo_or_url_option(function: F) -> F:
    """The option --repo of commands that also take a URL: passes `repo: str`."""
    return click.option(
        "--repo",
        envvar="HAAC_REPO",
        default=DEFAULT_REPO,
        show_default=True,
        show_envvar=True,
        metavar="FOLDER|URL",
        shell_complete=completion.folders,
        help="Folder of the repository or mirror, or URL of a published one.",
    )(function)


def open_repository(
    repo: str, needed: Callable[[int | None], set[int]], console: Console
) -> AbstractContextManager[Repository | None]:
    """The repository or mirror at hand; for a URL a cached mirror of it, brought up to date for these elements.

    Where the network fails, or signatures do not hold, what is in the cache serves. Where no element is
    needed, there need not be a repository: None.

    Args:
        repo: Its folder or URL.
        needed: From the fingerprint of the repository that is found there, or None, to the elements that will be asked for.
        console: For what a person should know.
    """
    from haac_repo import Repository

    if not is_url(repo):
        path = Path(repo)
        return nullcontext() if not path.exists() and not needed(None) else Repository.open(path)
    from haac_repo import TransportError, TrustError, sync
    from haac_repo._internal import CATALOG

    path = _cache(repo, console)
    try:
        sync(repo, path, only=lambda found: needed(int(found[:4], 16)))
    except (TransportError, TrustError) as error:
        if not (path / CATALOG).is_file():
            raise
        console.warn(f"{error}. Using what is in the cache.")
    return Repository.open(path)


def _cache(url: str, console: Console) -> Path:
    """The folder of a cached mirror; where it cannot be written, a temporary one that goes when this process ends."""
    import atexit
    import os
    import shutil
    import tempfile

    from haac_repo import cache_path

    try:
        path = cache_path(url)
        path.mkdir(parents=True, exist_ok=True)
        if os.access(path, os.W_OK):
            return path
        what = f"The cache {path.parent} cannot be written"
    except OSError:
        what = f"The cache {path.parent} cannot be written"
    except RuntimeError:  # a number without a name, as in a container, has no home
        what = "There is no home for a cache"
    folder = tempfile.mkdtemp(prefix="haac-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    console.note(f"{what}: what is fetched is kept for this command only")
    return Path(folder, "mirror")


def repository_at_hand(repo: str, console: Console) -> AbstractContextManager[Repository | None]:
    """The repository of a command that can do without: None if there is none and nobody named one.

    Of a URL, only the log is fetched.

    Raises:
        RepositoryError: one was named, and is not there.
    """
    from haac_repo import Repository
    from haac_repo._internal import CATALOG

    if is_url(repo):
        return open_repository(repo, lambda _: set(), console)
    if not given("repo") and not (Path(repo) / CATALOG).is_file():
        return nullcontext()
    return Repository.open(Path(repo))
