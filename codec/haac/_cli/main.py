"""The `haac` command: finds its subcommands by entry points, and turns errors into messages and exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points, version
from typing import Any

import click

from haac_repo import HaacError
from haac_repo._internal import debugging

_SECTIONS = ("Recipes", "Elements", "Mirrors", "This machine")


class _Root(click.Group):
    """Subcommands are entry points of the group `haac.commands`, loaded when they are used."""

    def _found(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group="haac.commands")}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return sorted(self._found())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        point = self._found().get(cmd_name)
        if point is None:
            return None
        loaded: click.Command = point.load()
        return loaded

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


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(version("haac"), prog_name="haac")
def root() -> None:
    """Pictures as recipes: which shared elements stand where, in a few dozen bytes.

    \b
    A first round:  haac init; haac ingest PHOTOS; haac sheet; haac compile scene.py -o scene.haac; haac decompress scene.haac
    Shell completion:  eval "$(_HAAC_COMPLETE=bash_source haac)"   (or zsh_source, fish_source)
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line. Exits with 0, 1 (failure), 2 (usage) or 130 (interrupted)."""
    sys.exit(_run(args))


def _run(args: Sequence[str] | None) -> int:
    try:
        result: Any = root.main(args=args, prog_name="haac", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("Interrupted.", err=True)
        return 130
    except BrokenPipeError:
        # The reader went away (`haac search | head`); Python would complain again when it flushes at exit.
        sys.stdout = None
        return 0
    except Exception as error:
        if debugging():
            raise
        click.echo(f"Error: {_message(error)}", err=True)
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
