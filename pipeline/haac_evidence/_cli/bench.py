"""The command `bench`: recipes beside other formats, measured on your own pictures."""

from __future__ import annotations

from haac_repo._internal import lazy_group

bench = lazy_group(
    "bench",
    "Recipes",
    """Measure recipes beside other formats, on your own pictures.

    Each command writes its figures as JSON, with versions and machine, and draws them.
    """,
    {
        "tables": "haac_evidence._cli.tables:tables",
        "peers": "haac_evidence._cli.peers:peers",
    },
)
