"""What all commands share: the --repo option, one place that prints, options that go together or not."""

from __future__ import annotations

import functools
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO, TypeVar

import click

Section = Literal["Elements", "Recipes", "Mirrors", "This machine"]
INTERRUPTED = "Interrupted"
"""In the place of an error's class: Ctrl-C."""
DEFAULT_REPO = "haac-repo"
F = TypeVar("F", bound=Callable[..., Any])


class Command(click.Command):
    """A click command that knows which section of `haac --help` it stands in."""

    section: Section


class Group(click.Group):
    """A command that has commands of its own, and knows its section too."""

    section: Section


class LazyGroup(Group):
    """A group whose commands are loaded when they are used, or listed."""

    def __init__(self, *args: Any, places: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self._places:
            return None
        module, _, attribute = self._places[cmd_name].partition(":")
        loaded: click.Command = getattr(importlib.import_module(module), attribute)
        return loaded


@dataclass
class Console:
    """Where a command's output goes: data to stdout, everything else to stderr.

    With `--json`, `data()` prints its object as JSON on stdout, and no text.
    """

    as_json: bool = False
    verbosity: int = 0
    """-1 quiet, 0 normal, 1 verbose."""

    def data(self, value: object, text: str | Iterable[str] | None = None) -> None:
        """The command's result: `value` with --json, else `text` (a line, or lines)."""
        if self.as_json:
            click.echo(json.dumps(value, ensure_ascii=_needs_ascii(sys.stdout), indent=2))
        elif isinstance(text, str):
            click.echo(text)
        elif text is not None:
            for line in text:
                click.echo(line)
                if getattr(sys.stdout, "reader_is_gone", False):  # of a pipe, see haac._cli.streams
                    break

    def note(self, message: str) -> None:
        """What a person should know, on stderr; silent with -q."""
        if self.verbosity >= 0:
            click.echo(message, err=True)

    def detail(self, message: str) -> None:
        """Shown on stderr with -v only."""
        if self.verbosity >= 1:
            click.echo(message, err=True)

    def warn(self, message: str) -> None:
        """Something went wrong but the run goes on; on stderr, also with -q."""
        click.echo(f"Warning: {message}", err=True)

    def error(self, message: str, kind: str = "HaacError", exit_code: int = 1) -> None:
        """What failed, on stderr: a sentence, or with --json one line of JSON.

        Args:
            message: What was found, what is allowed, what to do.
            kind: Name of the error's class.
            exit_code: That of the command.
        """
        if self.as_json:
            found = {"error": {"type": kind, "message": message, "exit_code": exit_code}}
            click.echo(json.dumps(found, ensure_ascii=_needs_ascii(sys.stderr)), err=True)
        else:
            click.echo(message if kind == INTERRUPTED else f"Error: {message}", err=True)

    def show_file(self, path: Path) -> None:
        """Open a file in the viewer of this system."""
        if click.launch(str(path)):
            self.warn(f"{path} could not be opened: this system names no viewer")

    @contextmanager
    def progress(self, label: str, total: int | None, unit: str = "") -> Iterator[Callable[[int], None]]:
        """A progress bar on stderr; `advance(n)` moves it. Silent with -q and where stderr is no terminal."""
        if self.verbosity < 0 or not sys.stderr.isatty():
            yield lambda _: None
            return
        started = time.monotonic()
        done = 0

        def rate(_: object) -> str:
            return f"{done / max(time.monotonic() - started, 1e-3):,.0f} {unit}/s" if unit else ""

        with click.progressbar(length=total, label=label, file=sys.stderr, item_show_func=rate) as bar:

            def advance(n: int) -> None:
                nonlocal done
                done += n
                bar.update(n, done)

            yield advance


def _needs_ascii(stream: TextIO) -> bool:
    """Whether text must be escaped to be written there: JSON has an escape for every character."""
    return not (getattr(stream, "encoding", None) or "utf-8").lower().startswith("utf")


def counted(count: int, noun: str) -> str:
    """A number with its noun: "1 layer", "2 layers"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def command(name: str, section: Section, **kwargs: Any) -> Callable[[Callable[..., Any]], Command]:
    """Make a command with the shared options --json, -q and -v; its function gets `console` first."""

    def wrap(function: Callable[..., Any]) -> Command:
        @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
        @click.option("-q", "--quiet", is_flag=True, help="Print results and errors only.")
        @click.option("-v", "--verbose", is_flag=True, help="Say more about what is done.")
        @functools.wraps(function)
        def run(*args: Any, as_json: bool, quiet: bool, verbose: bool, **options: Any) -> Any:
            return function(Console(as_json, -1 if quiet else int(verbose)), *args, **options)

        made = click.command(name, cls=Command, **kwargs)(run)
        made.section = section
        return made

    return wrap


def group(name: str, section: Section, text: str) -> Group:
    """Make a command whose own commands are added to it."""
    made = Group(name, help=text)
    made.section = section
    return made


def lazy_group(name: str, section: Section, text: str, places: Mapping[str, str]) -> Group:
    """Make a command whose own commands are loaded when they are used.

    Args:
        name: Of the command.
        section: Of `haac --help`.
        text: Its help.
        places: Where its commands stand, by name: "module:attribute".
    """
    made = LazyGroup(name, help=text, places=places)
    made.section = section
    return made


def repo_option(function: F) -> F:
    """The option --repo (or $HAAC_REPO, or the folder `haac-repo` here): passes `repo: Path`."""
    return click.option(
        "--repo",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="HAAC_REPO",
        default=Path(DEFAULT_REPO),
        show_default=True,
        show_envvar=True,
        help="Folder of the repository or mirror.",
    )(function)


def given(name: str) -> bool:
    """Whether the running command's parameter was given, on the command line or by its environment variable."""
    source = click.get_current_context().get_parameter_source(name)
    return source in (click.core.ParameterSource.COMMANDLINE, click.core.ParameterSource.ENVIRONMENT)


def refuse(names: Iterable[str], why: str) -> None:
    """Refuse parameters that would silently do nothing.

    Args:
        names: Of the parameters, as the command's function calls them.
        why: Stands after the option's name, as in 'goes with --decode.'

    Raises:
        click.UsageError: one of them was given.
    """
    for parameter in click.get_current_context().command.params:
        name = parameter.name or ""
        if name in names and given(name):
            label = (
                parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name
            )
            raise click.UsageError(f"{label} {why}")


def debugging() -> bool:
    """Whether HAAC_DEBUG asks for tracebacks."""
    return os.environ.get("HAAC_DEBUG", "") not in ("", "0")
