"""The `haac` command: finds its subcommands by entry points, and turns errors into messages and exit codes."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from haac._cli.shell import COMPLETE, escape_in_bash
from haac._cli.streams import PipeOutput, forgive_closed_pipes
from haac_repo import HaacError
from haac_repo._internal import INTERRUPTED, Console, debugging

_SECTIONS = ("Recipes", "Elements", "Mirrors", "This machine")
_CLOSE = 0.6
"""Likeness from which on a command may be what was meant; difflib's own."""


@cache
def _entry_points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group="haac.commands")}


class _Root(click.Group):
    """Subcommands are entry points of the group `haac.commands`, loaded when they are used."""

    def _found(self) -> dict[str, EntryPoint]:
        return _entry_points()

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return sorted(self._found())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        point = self._found().get(cmd_name)
        if point is None:
            return None
        loaded: click.Command = point.load()
        return loaded

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """click's own, which knows no near names of commands that are not loaded yet.

        Raises:
            click.UsageError: there is no such command; names those that look like it.
        """
        if args[0] not in self._found() and not ctx.resilient_parsing:
            raise click.UsageError(_no_such_command(args[0], self.list_commands(ctx)), ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """click's own, which takes every broken pipe for that of its output, and ends without a word.

        Raises:
            HaacError: a pipe is broken, and none of those that `PipeOutput` writes to.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise HaacError(
                "something that this command talked to went away (broken pipe): try again"
            ) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows: dict[str, list[tuple[str, str]]] = {section: [] for section in _SECTIONS}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                section = getattr(command, "section", "This machine")
                rows.setdefault(section, []).append((name, command.get_short_help_str(78)))
        for section, commands in rows.items():
            if commands:
                with formatter.section(section):
                    formatter.write_dl(commands)


def _no_such_command(typed: str, known: list[str]) -> str:
    """Names the commands that begin with what was typed, or else those that are spelled most like it."""
    from difflib import SequenceMatcher

    word = typed.lower()
    likeness = {name: SequenceMatcher(None, word, name).ratio() for name in known}
    likeness |= {name: 1.0 for name in known if len(word) > 1 and name.startswith(word)}
    best = max(likeness.values(), default=0.0)
    close = [repr(name) for name in known if likeness[name] >= max(_CLOSE, best - 0.1)]
    hint = "`haac help` lists the commands."
    if close:
        hint = f"Did you mean {close[0]}?" if len(close) == 1 else f"Did you mean one of {', '.join(close)}?"
    return f"No such command {typed!r}. {hint}"


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="haac", prog_name="haac")
def root() -> None:
    """Pictures as recipes: which shared elements stand where, in a few dozen bytes.

    \b
    A first round:  haac init; haac ingest PHOTOS; haac sheet; haac compile scene.py -o scene.haac; haac decompress scene.haac
    Shell completion:  haac completion --help
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line. Exits with 0, 1 (failure), 2 (usage) or 130 (interrupted)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names of files may have characters that this terminal has not, and bytes that are no characters.
            stream.reconfigure(errors="backslashreplace")
    forgive_closed_pipes()
    code = _run(args)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, PipeOutput):
            stream.flush()
    gc.freeze()  # memory goes with the process: looking for garbage in it took a twentieth of the time of a first `haac sync`
    sys.exit(code)


def _run(args: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if args is None else args)
    # Errors of usage are found before the command's own options are.
    as_json = "--json" in words[: words.index("--") if "--" in words else None]
    console = Console(as_json)
    completing = COMPLETE in os.environ
    try:
        if completing:
            escape_in_bash()
        result: Any = root.main(args=words, prog_name="haac", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        if as_json:
            kind = "UsageError" if isinstance(error, click.UsageError) else type(error).__name__
            console.error(error.format_message(), kind, error.exit_code)
        else:
            error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        cause = error.__context__
        if isinstance(cause, EOFError):  # click takes it for a Ctrl-D; nothing here asks, so a worker died
            console.error(_message(cause), EOFError.__name__)
            return 1
        console.error("Interrupted.", INTERRUPTED, 130)
        return 130
    except Exception as error:
        if debugging():
            raise
        if not completing:  # it would stand in the middle of the line that is typed
            console.error(_message(error), type(error).__name__)
        return 1


def _message(error: Exception) -> str:
    if isinstance(error, HaacError):
        return str(error)
    if isinstance(error, OSError):  # disk full, no permission, not a folder...
        what = error.strerror or str(error) or type(error).__name__
        return f"{what}: {error.filename}" if error.filename else what
    if isinstance(error, MemoryError):
        return "not enough memory for this"
    return (
        f"{type(error).__name__}: {error}\nThis is a fault of haac. Please report it, with the traceback that"
        " HAAC_DEBUG=1 shows."
    )
