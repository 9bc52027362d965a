"""Writes docs/commands.md out of the commands themselves; with --check it only says whether that is up to date."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

import haac_repo
from haac._cli.main import _SECTIONS, root

TARGET = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
SHARED = ("as_json", "quiet", "verbose")
HEAD = """# Commands

<!-- Written by scripts/make/commands_doc.py out of the commands themselves. Change their help, not this page. -->

Every command prints its result on standard output and everything else on standard error. All take these options:

| option | |
|---|---|
| `--json` | print the result as JSON |
| `-q`, `--quiet` | print results and errors only |
| `-v`, `--verbose` | say more about what is done |
| `-h`, `--help` | show the help of the command |

`HAAC_REPO` stands for `--repo`; `HAAC_DEBUG=1` shows tracebacks; `HAAC_KEY_PASSPHRASE` opens encrypted keys ([trust.md](trust.md)).

`haac help COMMAND` shows what stands here. `haac completion` makes the shell complete commands, options, element ids, tags, models and
files. In a checkout, `python -m scripts.make.man_pages FOLDER` writes man pages.

## Errors

| exit code | |
|---|---|
| 0 | done |
| 1 | failed: one message says why and what to do |
| 2 | used wrongly: the same |
| 130 | interrupted |

With `--json`, standard output stays what it is: the result, or nothing. An error is one line of JSON on standard error, after whatever
notes and warnings stand there; where a command goes on with its other files, each that failed has such a line.

```
{"error": {"type": "RepositoryError", "message": "there is no repository in haac-repo: ...", "exit_code": 1}}
```

`type` is `UsageError`, `Interrupted`, the name of Python's error (such as `PermissionError`), or one of haac's own: <errors>.
Commands that check something (`doctor`, `verify`, `ingest`) exit with 1 and say in their result what is wrong.
"""


def document() -> str:
    """The whole page."""
    context = click.Context(root, info_name="haac")
    sections: dict[str, list[str]] = {section: [] for section in _SECTIONS}
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        found = sections[getattr(command, "section", "This machine")]
        found += [describe(each, its) for each, its in with_own_commands(name, command)]
    parts = [f"## {section}\n\n" + "\n".join(found) for section, found in sections.items() if found]
    errors = ", ".join(f"`{name}`" for name in haac_repo.__all__ if name.endswith("Error"))
    return HEAD.replace("<errors>", errors) + "\n" + "\n".join(parts)


def with_own_commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command and, if it has commands of its own, those, by their full names."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for each in command.list_commands(context):
            its = command.get_command(context, each)
            assert its is not None
            yield f"{name} {each}", its


def describe(name: str, command: click.Command) -> str:
    """One command: usage, help, table of options."""
    context = click.Context(command, info_name=f"haac {name}")
    lines = [
        f"### `haac {name}`",
        "",
        "```",
        " ".join(_usage(command, context)),
        "```",
        "",
        _help(command.help or ""),
    ]
    options = [
        p for p in command.params if isinstance(p, click.Option) and p.name not in SHARED and not p.hidden
    ]
    if options:
        lines += ["", "| option | |", "|---|---|"]
        for option in options:
            record = option.get_help_record(context)
            assert record is not None
            lines.append("| " + " | ".join(_cell(cell, code=i == 0) for i, cell in enumerate(record)) + " |")
    return "\n".join(lines) + "\n"


def _usage(command: click.Command, context: click.Context) -> list[str]:
    return [context.info_name or "", *command.collect_usage_pieces(context)]


def _help(text: str) -> str:
    """click's help text as Markdown: \\b blocks are preformatted, everything else flows."""
    blocks = []
    for block in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        lines = [line.rstrip() for line in block.splitlines()]
        if lines and lines[0] == "\b":
            blocks.append("```\n" + "\n".join(lines[1:]) + "\n```")
        else:
            blocks.append(" ".join(lines))
    return "\n\n".join(blocks)


def _cell(text: str, *, code: bool) -> str:
    text = " ".join(text.split()).replace("|", "\\|")
    return f"`{text}`" if code else text


def main() -> int:
    page = document()
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.exists() and TARGET.read_text("utf-8") == page else 1
    TARGET.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
