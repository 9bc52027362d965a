"""How the commands read their arguments: recipes, and where their elements are."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from haac_repo._internal import Console

if TYPE_CHECKING:
    from haac._scene import Scene
    from haac_repo import Repository

F = TypeVar("F", bound=Callable[..., Any])


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


def read_scene(recipe: str) -> Scene:
    """The scene of a recipe argument."""
    from haac import read_recipe

    return read_recipe(recipe_reader(recipe)())


def repo_or_url_option(function: F) -> F:
    """The option --repo of commands that also take a URL: passes `repo: str`."""
    return click.option(
        "--repo",
        envvar="HAAC_REPO",
        default="haac-repo",
        show_default=True,
        show_envvar=True,
        help="Folder of the repository or mirror, or URL of a published one.",
    )(function)


def open_repository(
    repo: str, needed: Callable[[], set[int]], console: Console
) -> AbstractContextManager[Repository | None]:
    """The repository or mirror at hand; for a URL a cached mirror of it, brought up to date for these elements.

    Where the network fails, what is in the cache serves. Where no element is needed, there need not be a repository: None.
    """
    from haac_repo import Repository

    if not repo.startswith(("http://", "https://")):
        path = Path(repo)
        return nullcontext() if not path.exists() and not needed() else Repository.open(path)
    from haac_repo import TransportError, cache_path, sync  # loads what fetches mirrors

    path = cache_path(repo)
    try:
        sync(repo, path, only=needed())
    except TransportError as error:
        if not path.exists():
            raise
        console.warn(f"{error} Using what is in the cache.")
    return Repository.open(path)
