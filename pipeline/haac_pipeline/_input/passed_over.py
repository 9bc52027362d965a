"""What was passed over, counted by suffix: a few names of each instead of a list of thousands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from haac_pipeline._input.source import PassedOver

_NAMES = 5
_GROUPS = 100
"""Of suffixes that are told apart; names in the folders of strangers may have any number of them."""
OTHERS = "*"
"""In the place of their suffixes."""
_LINES = 10
_CALLED = {"": "without a suffix", OTHERS: "of other kinds"}


@dataclass(slots=True)
class PassedOverGroup:
    """Files that were passed over, of one suffix."""

    suffix: str
    """In lower case, with its dot; empty if they have none; OTHERS for more suffixes than are told apart."""
    kind: str
    """What they are and what can be done; empty if that is not known."""
    count: int = 0
    names: list[str] = field(default_factory=list)
    """The first few."""


class PassedOverCount:
    """Counts what is passed over."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], PassedOverGroup] = {}

    def add(self, each: PassedOver) -> None:
        """Count a file."""
        key = each.suffix, each.kind
        if key not in self._groups and len(self._groups) >= _GROUPS:
            key = OTHERS, ""
        group = self._groups.setdefault(key, PassedOverGroup(*key))
        group.count += 1
        if len(group.names) < _NAMES:
            group.names.append(each.name)

    def __len__(self) -> int:
        return sum(group.count for group in self._groups.values())

    def groups(self) -> list[PassedOverGroup]:
        """By suffix, the largest first."""
        return sorted(self._groups.values(), key=lambda group: (-group.count, group.suffix, group.kind))

    def as_json(self) -> list[dict[str, Any]]:
        """As plain dicts and lists, for `json.dumps`."""
        return [asdict(group) for group in self.groups()]

    def lines(self) -> Iterator[str]:
        """For people, a line a group."""
        groups = self.groups()
        for group in groups[:_LINES]:
            kind = f" ({group.kind})" if group.kind else ""
            names = ", ".join(group.names) + (", ..." if group.count > len(group.names) else "")
            yield f"passed over: {group.count:,} {_CALLED.get(group.suffix, group.suffix)}{kind}: {names}"
        if rest := groups[_LINES:]:
            count = sum(group.count for group in rest)
            yield f"passed over: {count:,} more, of {len(rest)} other kinds; --json has them"
