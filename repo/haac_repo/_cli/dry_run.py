"""What `haac publish --dry-run` prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haac_repo._cli.console import counted

if TYPE_CHECKING:
    from haac_repo._publish.disclosure import Disclosure

_HEADINGS = {
    "source": "Names of sources",
    "name": "Names of elements",
    "tags": "Tags",
    "licence": "Licences",
    "attribution": "Attributions",
    "model": "Models",
    "software": "Software",
    "doubts": "Doubts",
    "reason": "Reasons of takedowns",
}


def disclosure_json(found: Disclosure) -> dict[str, Any]:
    """What --json says."""
    return {"dry_run": True, **asdict(found)}


def disclosure_lines(found: Disclosure, repo: Path) -> Iterator[str]:
    """A line a fact, and one for each distinct text."""
    from haac_repo._cli.elements import format_size

    if not found.records:
        yield f"{repo}: nothing new would be published"
        return
    yield (
        f"{repo}: would publish {counted(found.records, 'log record')}: {counted(found.elements, 'element')}"
        f" ({format_size(found.bytes)}), {counted(found.withdrawn, 'takedown')};"
        f" the head {'is' if found.signed else 'is not'} signed"
    )
    yield (
        f"Names of sources are published as --source-names {found.source_names} says;"
        f" so are the SHA-256 hashes of {counted(found.source_hashes, 'source')}"
    )
    yield "Of each element: its pixels, their size, colour and hashes, its quality, the time when it was added; and"
    for key, texts in found.texts.items():
        yield f"{_HEADINGS[key]} ({len(texts):,}):"
        for text, count in texts.items():
            yield f"  {text}" + (f"  ({count:,} times)" if count > 1 else "")
