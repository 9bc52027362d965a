"""The numbers of the matcher as fields that can be listed, watched and changed."""

from __future__ import annotations

import dataclasses
import importlib
import json
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import haac_match._thresholds as thresholds

Key = tuple[str, str]
"""Group and name of a field."""


@dataclass(frozen=True, slots=True)
class Field:
    """One number, or a tuple of them.

    Args:
        group: name of the dataclass' instance, in small letters.
        name: of the field.
        value: as it is.
        provenance: see `haac_match._thresholds.kinds`.
        compiled: a kernel holds it as a constant.
        owner: the instance.
    """

    group: str
    name: str
    value: Any
    provenance: str
    compiled: bool
    owner: object

    @property
    def key(self) -> Key:
        """By which it is named."""
        return self.group, self.name

    @property
    def plain(self) -> Any:
        """The value as JSON has it."""
        return json.loads(json.dumps(self.value, default=str))

    def times(self, factor: float) -> Any:
        """The value times a factor; whole numbers change by one at least. None if it is no number."""
        return _times(self.value, factor)


def _times(value: Any, factor: float) -> Any:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        made = round(value * factor)
        return made if made != value else value + (1 if factor > 1 else -1)
    if isinstance(value, float):
        return value * factor
    if isinstance(value, tuple) and value and all(type(one) in (int, float) for one in value):
        return tuple(_times(one, factor) if one else one for one in value)
    return None


def all_fields() -> list[Field]:
    """Every field of every group, in the order of the files."""
    found = []
    for module in sorted(pkgutil.iter_modules(thresholds.__path__), key=lambda one: one.name):
        for group, owner in vars(importlib.import_module(f"{thresholds.__name__}.{module.name}")).items():
            if group.isupper() and dataclasses.is_dataclass(owner):
                found += [
                    Field(
                        group.lower(),
                        field.name,
                        getattr(owner, field.name),
                        field.metadata["provenance"],
                        field.metadata["compiled"],
                        owner,
                    )
                    for field in dataclasses.fields(owner)
                    if "provenance" in field.metadata
                ]
    return found


def field_named(key: Key) -> Field:
    """The field of a group and name."""
    return next(field for field in all_fields() if field.key == key)


@contextmanager
def changed(field: Field, factor: float) -> Iterator[None]:
    """The field times a factor, for a while. Frozen is frozen for everybody else."""
    object.__setattr__(field.owner, field.name, field.times(factor))
    try:
        yield
    finally:
        object.__setattr__(field.owner, field.name, field.value)


@contextmanager
def watched() -> Iterator[set[Key]]:
    """Notes which fields are read. Not those that kernels hold."""
    read: set[Key] = set()
    owners = {id(field.owner): (field.group, field.owner, type(field.owner)) for field in all_fields()}

    def watching(group: str, kind: type) -> type:
        def look(self: object, name: str) -> Any:
            read.add((group, name))
            return object.__getattribute__(self, name)

        return type(kind.__name__, (kind,), {"__slots__": (), "__getattribute__": look})

    for group, owner, kind in owners.values():
        object.__setattr__(owner, "__class__", watching(group, kind))
    try:
        yield read
    finally:
        for _, owner, kind in owners.values():
            object.__setattr__(owner, "__class__", kind)
