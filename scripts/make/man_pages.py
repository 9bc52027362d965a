"""Man pages of all commands, made out of the commands themselves: haac.1, and haac-COMMAND.1 for each.

    .venv/bin/python -m scripts.make.man_pages FOLDER

They are not part of the wheel: a wheel's data files must lie in the tree, which would be two dozen generated files to keep up to date,
or need a build hook that imports every command. Who packages haac for a system calls this, and `haac help COMMAND` says the same.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from haac._cli.main import _SECTIONS, root
from haac_repo import write_file
from scripts.make.commands_doc import with_own_commands

ENVIRONMENT = {
    "HAAC_REPO": "Folder of the repository or mirror; the option --repo overrides it.",
    "HAAC_DEBUG": "If 1, errors show their tracebacks.",
    "HAAC_KEY_PASSPHRASE": "Encrypts keys that are made, and opens them when they sign.",
}
EXIT_CODES = {
    "0": "Done.",
    "1": "Failed; one message on standard error says why, and what to do.",
    "2": "Used wrongly.",
    "130": "Interrupted.",
}


def pages() -> dict[str, str]:
    """All pages by their file names."""
    context = click.Context(root, info_name="haac", **root.context_settings)
    commands = {name: root.get_command(context, name) for name in root.list_commands(context)}
    made = {"haac.1": root_page(context, {name: c for name, c in commands.items() if c is not None})}
    for name, command in commands.items():
        assert command is not None
        made[f"haac-{name}.1"] = command_page(name, command, context)
    return made


def root_page(context: click.Context, commands: dict[str, click.Command]) -> str:
    """The page of `haac` itself."""
    lines = [*_head("haac", root.get_short_help_str(200)), ".SH SYNOPSIS", ".B haac"]
    lines += [".I COMMAND", r"[\fIOPTIONS\fR] [\fIARGUMENTS\fR]", ".SH DESCRIPTION", *_prose(root.help or "")]
    for section in _SECTIONS:
        named = {n: c for n, c in commands.items() if getattr(c, "section", _SECTIONS[-1]) == section}
        if named:
            lines.append(f".SH {_escape(section.upper())}")
        for name, command in named.items():
            lines += [".TP", rf"\fBhaac\-{_escape(name)}\fR(1)", _text(command.get_short_help_str(200))]
    return _page([*lines, *_options(root, context), *_foot()])


def command_page(name: str, command: click.Command, above: click.Context) -> str:
    """The page of one command."""
    context = click.Context(command, info_name=name, parent=above)
    arguments = " ".join(command.collect_usage_pieces(context))
    lines = [*_head(f"haac-{name}", command.get_short_help_str(200)), ".SH SYNOPSIS"]
    lines += [
        rf"\fBhaac {_escape(name)}\fR {_escape(arguments)}",
        ".SH DESCRIPTION",
        *_prose(command.help or ""),
    ]
    lines += _options(command, context)
    for full, each in with_own_commands(name, command):
        if each is not command:
            its = click.Context(each, info_name=full, parent=above)
            arguments = " ".join(each.collect_usage_pieces(its))
            lines += [f".SH {_escape(full.upper())}", rf"\fBhaac {_escape(full)}\fR {_escape(arguments)}"]
            lines += [".PP", *_prose(each.help or ""), *_options(each, its, heading=False)]
    return _page([*lines, *_foot(), ".SH SEE ALSO", r".BR haac (1)"])


def _head(name: str, summary: str) -> list[str]:
    from importlib.metadata import version

    title = f'.TH "{_escape(name.upper())}" 1 "" "haac {_escape(version("haac"))}" "haac"'
    return [title, ".SH NAME", rf"{_escape(name)} \- {_escape(summary.rstrip('.'))}"]


def _options(command: click.Command, context: click.Context, *, heading: bool = True) -> Iterator[str]:
    records = [
        record
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context))
    ]
    if records and heading:
        yield ".SH OPTIONS"
    for names, text in records:
        yield from (".TP", rf"\fB{_escape(names)}\fR", _text(text))


def _foot() -> Iterator[str]:
    for title, entries in (("EXIT STATUS", EXIT_CODES), ("ENVIRONMENT", ENVIRONMENT)):
        yield f".SH {title}"
        for name, text in entries.items():
            yield from (".TP", rf"\fB{_escape(name)}\fR", _text(text))


def _prose(text: str) -> Iterator[str]:
    """click's help text as paragraphs; what follows \\b is kept as it stands."""
    for number, block in enumerate(re.split(r"\n\s*\n", inspect.cleandoc(text))):
        lines = [line.rstrip() for line in block.splitlines()]
        if lines[0].strip() == "\b":
            yield from (".PP", ".nf", *(_text(line, keep=True) for line in lines[1:]), ".fi")
        else:
            if number:
                yield ".PP"
            yield _text(" ".join(lines))


def _text(text: str, *, keep: bool = False) -> str:
    """One line of running text: escaped, and never taken for a request; `keep` keeps its spaces."""
    escaped = _escape(text if keep else " ".join(text.split()))
    return rf"\&{escaped}" if escaped[:1] in (".", "'", " ") else escaped


def _escape(text: str) -> str:
    r"""Text as groff takes it literally: \ and - as such, not as an escape and a hyphen; quotes that are not curled."""
    for plain, escaped in (
        ("\\", r"\e"),
        ("-", r"\-"),
        ("'", r"\(aq"),
        ("`", r"\(ga"),
        ('"', r"\(dq"),
        ("^", r"\(ha"),
        ("~", r"\(ti"),
    ):
        text = text.replace(plain, escaped)
    return "".join(c if c.isascii() else rf"\[u{ord(c):04X}]" for c in text)


def _page(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print("Usage: python -m scripts.make.man_pages FOLDER", file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages().items():
        write_file(folder / name, page.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
