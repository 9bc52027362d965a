"""The command `haac studio`."""

from __future__ import annotations

from pathlib import Path

import click

from haac_repo._internal import Console, command, completion, repo_option

_PARTS = ("starlette", "uvicorn")


@command("studio", "Recipes")
@repo_option
@click.argument(
    "document", required=False, metavar="[PICTURE|RECIPE|SCRIPT]", shell_complete=completion.files
)
@click.option(
    "--name", default="", metavar="NAME", help="Save it under this name; default: that of the file."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port on this machine; 0 picks a free one.",
)
@click.option(
    "--browser/--no-browser",
    default=True,
    show_default=True,
    help="Open the browser, or only print the address.",
)
def studio(console: Console, repo: Path, document: str | None, name: str, port: int, browser: bool) -> None:
    """Make a picture from elements, in the browser.

    Opens an editor for a new picture, a recipe (a file or the text form), a script, or a picture to trace. Whatever is done is recorded
    as a script and a recipe, and kept as a draft until it is saved: nothing is lost when the browser or this command ends. What is
    saved goes into the folder where this command runs.

    A script is run, as `haac compile` does: never open one that you do not trust. Only this machine can reach the studio, and only who has
    the address that is printed. Ends with Ctrl-C. Needs haac[studio].
    """
    from importlib.util import find_spec

    from haac_repo import MissingExtraError, Repository

    if missing := [part for part in _PARTS if find_spec(part) is None]:
        raise MissingExtraError(
            f"the studio needs {', '.join(missing)}, not installed here: pip install 'haac[studio]'"
        )
    import contextlib

    from haac_studio._server.opening import opened, run

    made = opened(Repository.open(repo), document, name)

    def said(url: str) -> None:
        shown = made.opened.name or "a new picture"
        console.data({"url": url, "repository": str(repo), "document": made.opened.name}, url)
        console.note(f"The studio has {shown} open, with the elements of {repo}. Ctrl-C ends it.")
        for note in made.notes:
            console.note(f"Note: {note}")

    def show(url: str) -> None:
        if click.launch(url):
            console.warn("no browser could be opened: open the address above in one")

    with contextlib.suppress(KeyboardInterrupt):
        run(made, port, said=said, show=show if browser else None)
