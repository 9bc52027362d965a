"""The command `verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haac_repo._cli.console import Console, command, counted, repo_option

if TYPE_CHECKING:
    from haac_repo._check.report import VerifyReport

_SHOWN = 20
"""Problems, and notes, that are told one by one."""


@command("verify", "Elements")
@repo_option
@click.option(
    "--repair", is_flag=True, help="Mend what can be mended; nothing that cannot be accounted for is deleted."
)
@click.option("--quick", is_flag=True, help="Do not read and hash the elements.")
@click.option(
    "--deep",
    is_flag=True,
    help="Also decode every element, on all cores, and compare its pixels with its record.",
)
def verify_(console: Console, repo: Path, repair: bool, quick: bool, deep: bool) -> int:
    """Check catalog, log and every byte of every element. It only reads, also beside a writer, unless --repair is given.

    Exits with 0 if all is in order, with 1 if anything is wrong (after a repair: still), with 2 if the command is.
    """
    from haac_repo import verify

    if quick and deep:
        raise click.UsageError("--quick reads no elements, and --deep decodes them: give one of them")
    size = sum(
        path.stat().st_size for name in ("public/packs", "open") for path in (repo / name).glob("*.pack")
    )
    with console.progress("Decoding" if deep else "Hashing", None if quick else size) as advance:
        report = verify(repo, repair=repair, quick=quick, deep=deep, progress=advance)
    for note in _first(report.notes, "note"):
        console.note(f"Note: {note}")
    console.data(_json(report), _lines(repo, report, quick=quick, deep=deep))
    return 0 if report.ok else 1


def _lines(repo: Path, report: VerifyReport, *, quick: bool, deep: bool) -> list[str]:
    from haac_repo._cli.elements import format_size

    lines = [f"Repaired: {text}" for text in _first(report.repaired, "repair")]
    lines += [f"Wrong: {problem}" for problem in _first(list(map(str, report.problems)), "problem")]
    if not report.ok:
        return [*lines, f"{counted(len(report.problems), 'problem')} in {repo}"]
    read = counted(report.elements, "element") + f", {format_size(report.bytes)}"
    found = "" if quick else f"; {read}, are what their {'records' if deep else 'hashes'} promise"
    part = ""
    if report.held < report.live:
        part = f", as far as it goes: {report.held:,} of {counted(report.live, 'element')} are here"
    return [*lines, f"{repo} is in order{part}{found}"]


def _first(texts: list[str], noun: str) -> list[str]:
    more = len(texts) - _SHOWN
    return [*texts[:_SHOWN], *([f"and {counted(more, noun)} more, which --json lists"] if more > 0 else [])]


def _json(report: VerifyReport) -> dict[str, object]:
    return {
        "ok": report.ok,
        "problems": [{"text": p.text, "elements": list(p.elements)} for p in report.problems],
        "repaired": report.repaired,
        "notes": report.notes,
        "elements": report.elements,
        "bytes": report.bytes,
        "live": report.live,
        "held": report.held,
    }
