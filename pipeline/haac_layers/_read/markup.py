"""XML of strangers as a small tree: expat, with limits, and without entities, which can neither grow nor fetch anything so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from haac_layers._limits import LAYER_LIMITS
from haac_repo import PictureError

_LEVELS = 4
"""Elements of the index around each group: no format here has more."""


@dataclass(slots=True)
class Node:
    """An element of the XML.

    Args:
        tag: its name without the prefix of its namespace.
        attributes: as they are, prefixes too.
        children: in the order of the file.
    """

    tag: str
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)

    def named(self, *tags: str) -> Iterator[Node]:
        """Its children of these names."""
        return (child for child in self.children if child.tag in tags)

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number among the attributes; a fraction is rounded.

        Raises:
            PictureError: it is none, or is missing and has no default.
        """
        text = self.attributes.get(name)
        if text is None and default is not None:
            return default
        return round(self._finite(name, text))

    def share(self, name: str, most: float = 1.0) -> float:
        """A number from 0 to `most` among the attributes as one from 0 to 1; 1 where it is missing.

        Raises:
            PictureError: it is none.
        """
        text = self.attributes.get(name)
        return 1.0 if text is None else min(max(self._finite(name, text) / most, 0.0), 1.0)

    def _finite(self, name: str, text: str | None) -> float:
        try:
            value = float(text or "")
        except ValueError:
            value = float("nan")
        if not abs(value) < 1e12:
            raise PictureError(
                f"the file's index is broken: {name} of a {self.tag} is {(text or '')[:40]!r}, no number"
            )
        return value


def parse(text: bytes, what: str) -> Node:
    """Parse a whole document.

    Args:
        text: bytes of the XML.
        what: its name, for messages.

    Returns:
        The root.

    Raises:
        PictureError: it is broken, too large or too deep, or declares entities.
    """
    root = Node("", {})
    stack = [root]
    count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > LAYER_LIMITS.index_elements or len(stack) > _LEVELS * LAYER_LIMITS.depth:
            raise PictureError(
                f"{what} is too large; at most {LAYER_LIMITS.index_elements:,} elements,"
                f" {LAYER_LIMITS.depth} groups inside each other, are read"
            )
        node = Node(tag.rpartition(":")[2], attributes)
        stack[-1].children.append(node)
        stack.append(node)

    def entity(*_: object) -> None:
        raise PictureError(f"{what} declares XML entities, which are not read")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop()
    parser.EntityDeclHandler = entity
    parser.ExternalEntityRefHandler = lambda *_: 0
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise PictureError(f"{what} is broken XML ({error})") from error
    return root.children[0]
