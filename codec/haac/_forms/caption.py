"""Caption of a paraphrase: the photograph that it tells, in a sentence, for `haac explain` and as alternative text."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from haac._inline import Inline
from haac._scene import Colour, Gradient, Layer, Plate, Scene
from haac._wash_value import Wash
from haac_repo import RecipeError, format_id

_TOLD = 6
"""Elements that a caption names at most; of more, the largest."""
_PLACED = 3
"""Times that an element is shown, up to which each place is told."""
_FILLS, _LARGE, _SMALL = 0.75, 0.2, 0.03
"""Of the canvas, what of the box of a layer is on it: from, from, below."""
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_UNCOUNTED = frozenset(
    (
        *(
            "bread",
            "clothing",
            "corn",
            "fire",
            "fog",
            "food",
            "foliage",
            "furniture",
            "grass",
            "hay",
            "ice",
            "lightning",
        ),
        *("rain", "rice", "sand", "seaweed", "smoke", "snow", "water", "wheat", "wood"),
        *("cattle", "children", "feet", "geese", "men", "mice", "people", "teeth", "women"),
    )
)
"""Last words of names without an article, for which there is no rule."""
_SINGULAR = re.compile(r"(?:[aiosu]s|lens|series|species)$")
"""Words that end with an s and are no plural: bus, iris, glass, gas."""
_SAID = re.compile(r"(?:an?|the|some|my|our|two|three|four|five|six|many|several) ", re.I)
"""Names that need no article before them."""
_CONSONANT = re.compile(r"eu|ewe|on(?:e\b|ce)|u(?:ku|ni(?!n|m)|ra|s[aeu]|te|to)", re.I)
"""Beginnings that are written with a vowel and not spoken with one: euro, one, unicorn, utensil."""
_VOWEL = re.compile(r"[aeiou]|heir|honest|honou?r|hour", re.I)

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class _Shown:
    """An element with all its layers."""

    phrase: str
    """Of a repository's element, what it is like; of an inline one, what it is."""
    inline: bool
    layers: list[tuple[int, Box | None]] = field(default_factory=list)
    """Place in the order of layers, and the part of the box that is on the canvas: from 0 to 1; None if it is not known."""

    @property
    def area(self) -> float:
        return sum(_area(box) for _, box in self.layers if box)


def caption(
    scene: Scene,
    name_of: Callable[[int], str],
    size_of: Callable[[int], tuple[int, int] | None] = lambda _: None,
) -> str:
    """Describe the photograph that a paraphrase tells, front to back, in one sentence.

    Args:
        scene: marked as similar.
        name_of: name of an element in the catalog, by its number; empty if it has none.
        size_of: its width and height in pixels; None if they are not known, and then its place is not told where a layer says no size.
    """
    shown = list(_shown(scene, name_of, size_of))
    kept = sorted(sorted(range(len(shown)), key=lambda n: -shown[n].area)[:_TOLD])
    told = [shown[n] for n in kept]
    apart = False
    text = ""
    for n, each in enumerate(told):
        if n and _covers(told[n - 1], each):
            text += ", in front of "
        elif n:
            text, apart = text + "; ", True
        text += _told(each)
    others = len(shown) - len(told)
    if others:
        text, apart = text + f"; and {_counted(others)} more", True
    return f"A photograph of {text}{_behind(scene, name_of, text, apart)}."


def _shown(
    scene: Scene, name_of: Callable[[int], str], size_of: Callable[[int], tuple[int, int] | None]
) -> Iterator[_Shown]:
    """The elements of the layers, from the front on."""
    found: dict[int | Inline, _Shown] = {}
    for z, layer in reversed(list(enumerate(scene.layers))):
        element = layer.element
        if isinstance(element, Inline):
            size: tuple[int, int] | None = element.size
            phrase = "a piece of the picture itself"
        else:
            size, phrase = size_of(element), like(element, name_of)
        found.setdefault(element, _Shown(phrase, isinstance(element, Inline)))
        found[element].layers.append((z, _box(scene, layer, size)))
    yield from found.values()


def like(element: int, name_of: Callable[[int], str]) -> str:
    """An element by the name it stands for, with its id: 'a dog (7k2)', or 'element 7k2'."""
    name = " ".join(name_of(element).replace("_", " ").split())
    return f"{with_article(name)} ({format_id(element)})" if name else f"element {format_id(element)}"


def with_article(name: str) -> str:
    """A name with 'a' or 'an' before it, where English has one."""
    if _SAID.match(name) or not re.fullmatch(r"[^\W\d](?:[^\W\d]|[ '-])*", name):
        return name  # of what has digits in it, nobody knows
    head = re.split(r" (?:of|in|on|with|at|for|from) ", name)[0].lower().split()[-1]
    if head in _UNCOUNTED or (head.endswith("s") and not _SINGULAR.search(head)):
        return name
    plain = unicodedata.normalize("NFD", name)  # accents apart: an éclair
    return f"{'an' if _VOWEL.match(plain) and not _CONSONANT.match(plain) else 'a'} {name}"


def _box(scene: Scene, layer: Layer, size: tuple[int, int] | None) -> Box | None:
    """The part of a layer's box, turned, that is on the canvas; in parts of the canvas, and (0, 0, 0, 0) if there is none."""
    if layer.width is not None and layer.height is not None:
        width, height = layer.width, layer.height
    elif size is None:
        return None
    else:
        try:
            width, height = layer.size(*size)
        except RecipeError:
            return None
    angle = math.radians(layer.rotation / 4)
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    across, down = (width * cos + height * sin) / 2, (width * sin + height * cos) / 2
    x, y = layer.x + width / 2, layer.y + height / 2
    left, top = max(0.0, (x - across) / scene.width), max(0.0, (y - down) / scene.height)
    right, bottom = min(1.0, (x + across) / scene.width), min(1.0, (y + down) / scene.height)
    return (left, top, right, bottom) if left < right and top < bottom else (0.0, 0.0, 0.0, 0.0)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _covers(front: _Shown, back: _Shown) -> bool:
    """Whether one layer of the first is above one of the second, and their boxes meet."""
    return any(
        z > under and max(a[0], b[0]) < min(a[2], b[2]) and max(a[1], b[1]) < min(a[3], b[3])
        for z, a in front.layers
        for under, b in back.layers
        if a and b
    )


def _told(shown: _Shown) -> str:
    places = [_place(box) for _, box in shown.layers]
    count = len(places)
    if count == 1:
        text = shown.phrase if shown.inline else f"something like {shown.phrase}"
        return f"{text}, {places[0]}" if places[0] else text
    text = f"{_counted(count)} {'times' if shown.inline else 'things like'} {shown.phrase}"
    if count > _PLACED or not all(places):
        return text
    if len(set(places)) == 1:
        return f"{text}, {'both' if count == 2 else 'all'} {places[0]}"
    return f"{text}, {_listed([f'one {place}' for place in places])}"


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + f", and {parts[-1]}"


def _counted(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _place(box: Box | None) -> str:
    """Where it is and how large, in words; empty if that is not known."""
    if box is None:
        return ""
    area = _area(box)
    if area == 0:
        return "outside the picture"
    if area >= _FILLS:
        return "filling the picture"
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    across = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    down = "top" if y < 1 / 3 else "bottom" if y > 2 / 3 else ""
    side = f"on the {across}" if across else "in the middle"
    where = f"at the {down} {across}".rstrip() if down else side
    return where + (", large" if area >= _LARGE else ", small" if area < _SMALL else "")


def _behind(scene: Scene, name_of: Callable[[int], str], before: str, apart: bool) -> str:
    """What is behind all layers, as the end of the sentence."""
    match scene.background:
        case Plate(element):
            plate = f"something like {like(element, name_of)}"
        case Wash():
            return "; the rest in rough colours only"
        case Colour():
            plate = "a plain colour"
        case Gradient():
            plate = "a plain gradient"
        case _:
            return ""
    if not before:
        return plate
    return f"; all in front of {plate}" if apart else f", in front of {plate}"
