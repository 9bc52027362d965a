"""SVG: each group at the top is drawn alone by resvg, through haac's one reader of SVG, with its checks and limits.

What is not drawn in a layer stands in `<defs>` there, such that whatever refers to it still finds it.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from dataclasses import dataclass, field
from xml.parsers import expat

from haac_layers._document import NORMAL, Document, Raster
from haac_layers._limits import LAYER_LIMITS, Budget, check_file
from haac_layers._read.member import decoded
from haac_repo import PictureError

_GROUP = "g"
_DRAWN = {
    "a",
    "circle",
    "ellipse",
    "g",
    "image",
    "line",
    "path",
    "polygon",
    "polyline",
    "rect",
    "svg",
    "switch",
    "text",
    "use",
}
_LABELS = ("inkscape:label", "data-name", "aria-label", "id")
_PLAIN = {"id", "transform", "fill", "stroke", "stroke-width", "font-family", "font-size", *_LABELS}
"""Attributes of a group around all others that its children may share: drawn one by one they look the same."""
_WHOLE = "opacity", "filter", "mask", "clip-path"
"""What is done with all of a drawing at once, where its outermost element has it."""
_NESTED = 4
"""Groups around all others that are looked into."""

_tag = re.compile(rb"<(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>")
_hidden = re.compile(rb"""display\s*:\s*none\s*;?|\sdisplay\s*=\s*(["'])\s*none\s*\1""")
_mode = re.compile(r"mix-blend-mode\s*:\s*([a-z-]+)")


@dataclass(slots=True)
class _Part:
    """An element that stands near the top: bytes of it, and of its start tag."""

    tag: str
    attributes: dict[str, str]
    start: int
    inside: int
    end: int = 0
    title: str = ""
    children: list[_Part] = field(default_factory=list)

    def name(self) -> str:
        return next((self.attributes[label] for label in _LABELS if self.attributes.get(label)), self.title)

    def drawn(self) -> list[_Part]:
        return [child for child in self.children if child.tag in _DRAWN]


def read_svg(data: bytes) -> Document:
    """Read an SVG drawing: groups at the top are layers; what stands loose between two groups is one, too.

    Where one group holds all others, as in many exports, the groups in it are taken. A drawing has no pixels of its own: the canvas
    is as large as haac draws an SVG.

    Args:
        data: the file, gzipped or not.

    Raises:
        PictureError: no SVG, broken or outside the limits.
        MissingExtraError: what draws SVG is not installed.
    """
    check_file(len(data))
    text = _inflated(data)
    notes: list[str] = []
    merged = decoded(text, "the drawing", notes)
    root = _parsed(text)
    parts = [] if root is None else _layers(root)
    budget = Budget()
    if root is not None and len(parts) > 1 and (why := _inseparable(root, parts, text)):
        notes.append(f"its {len(parts)} groups were drawn as one layer: {why}")
        parts = []
    if len(parts) < 2 or len(parts) * merged.width * merged.height > LAYER_LIMITS.layers_pixels:
        if len(parts) > 1:
            notes.append(
                f"its {len(parts)} groups were drawn as one layer: they have too many pixels together"
            )
        return Document(merged.width, merged.height, (Raster(_only_name(parts), merged),), merged, notes)
    layers = []
    for part in parts:
        budget.layer(0)
        first = part[0]
        image = decoded(_alone(text, parts, part), first.name() or "a group", [])
        box = image.getchannel("A").getbbox()
        if box is None:
            continue
        budget.pixels(box[2] - box[0], box[3] - box[1])
        name = first.name() if first.tag == _GROUP else f"{first.name() or first.tag}"
        shown = not any(_hidden.search(text, each.start, each.inside) for each in part)
        layers.append(Raster(name, image.crop(box), box[0], box[1], 1.0, shown, _blend(first)))
    return Document(merged.width, merged.height, tuple(layers), merged, notes)


def _inflated(data: bytes) -> bytes:
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            text = packed.read(LAYER_LIMITS.index_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise PictureError("this is a broken gzip file, not a drawing") from error
    if text[:1] == b"{":
        raise PictureError(
            "a Lottie animation (.tgs), which is not read: export its first frame as PNG or WebP for `haac ingest`"
        )
    if len(text) > LAYER_LIMITS.index_bytes:
        raise PictureError(
            f"the drawing has more than {LAYER_LIMITS.index_bytes:,} bytes, which are not read"
        )
    return text


def _only_name(parts: list[list[_Part]]) -> str:
    return parts[0][0].name() if len(parts) == 1 else "drawing"


def _inseparable(root: _Part, parts: list[list[_Part]], text: bytes) -> str:
    """Why layers drawn one by one would not show what the drawing does; empty if they do."""
    style = root.attributes.get("style", "")
    if found := [
        each for each in _WHOLE if each in root.attributes or re.search(rf"(^|;)\s*{each}\s*:", style)
    ]:
        return f"{found[0]} is set on all of it"
    if text.count(b"mix-blend-mode") > sum(
        "mix-blend-mode" in part.attributes.get("style", "") for part, *_ in parts
    ):
        return "what is within a group is blended with what is below the group"
    return ""


def _layers(root: _Part) -> list[list[_Part]]:
    """What becomes a layer: a group, or neighbours that stand loose. Back to front."""
    around = root
    for _ in range(_NESTED):
        (only, *others) = around.drawn() or [around]
        if others or only.tag != _GROUP or not set(only.attributes) <= _PLAIN or len(only.drawn()) < 2:
            break
        around = only
    found: list[list[_Part]] = []
    for part in around.drawn():
        if part.tag != _GROUP and found and found[-1][0].tag != _GROUP:
            found[-1].append(part)
        else:
            found.append([part])
    return found


def _parsed(text: bytes) -> _Part | None:
    """The elements near the top. None where their bytes cannot be told apart: the text is of another encoding than ASCII extends to."""
    if text[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in text[:64]:
        return None
    top = _Part("", {}, 0, 0)
    stack = [top]
    titles: list[str] | None = None

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal titles
        at = parser.CurrentByteIndex
        found = _tag.match(text, at) if len(stack) <= _NESTED + 2 else None
        part = _Part(tag.rpartition(":")[2], attributes, at, found.end() if found else at)
        if found is not None:
            stack[-1].children.append(part)
        titles = [] if part.tag == "title" else None
        stack.append(part)

    def end(_: str) -> None:
        nonlocal titles
        part = stack.pop()
        part.end = part.inside
        if text[part.inside - 2 : part.inside] != b"/>":
            part.end = text.find(b">", parser.CurrentByteIndex) + 1
        if titles is not None:
            stack[-1].title = "".join(titles).strip()[:200]
        titles = None

    def words(said: str) -> None:
        if titles is not None:
            titles.append(said)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = words
    parser.ExternalEntityRefHandler = lambda *_: 1
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise PictureError(f"a broken drawing ({error})") from error
    return top.children[0]


def _alone(text: bytes, layers: list[list[_Part]], kept: list[_Part]) -> bytes:
    """The drawing with the other layers put into `<defs>`, and this one shown if it is hidden."""
    made, at = [], 0
    for layer in layers:
        for part in layer:
            made.append(text[at : part.start])
            tag, rest = text[part.start : part.inside], text[part.inside : part.end]
            whole = _hidden.sub(b"", tag) + rest if layer is kept else b"<defs>" + tag + rest + b"</defs>"
            made.append(whole)
            at = part.end
    made.append(text[at:])
    return b"".join(made)


def _blend(part: _Part) -> str:
    found = _mode.search(part.attributes.get("style", ""))
    return found[1] if found and found[1] != NORMAL else NORMAL
