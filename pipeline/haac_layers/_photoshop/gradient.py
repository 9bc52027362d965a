"""Gradients as smooth as Photoshop draws them, said in more stops, between which psd-tools draws straight lines.

What Photoshop does is not published. Measured on documents of psd-tools' own tests: between two stops a gradient of full smoothness is a
Catmull-Rom spline, the stops at its ends counted twice; less smoothness is as much nearer to the straight line. A midpoint moves half of
the way. A linear gradient goes from edge to edge of the layer's box on the line through its middle; that of a stroke, of the box with the
stroke.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from haac_layers._photoshop.described import RGB, UNREADABLE, colour_of, number_of

_STEPS = 16
"""Straight pieces between two stops."""
_WHOLE = 4096
"""Of places and of smoothness."""
_DEPTH = 16
"""Descriptors inside each other that are looked at."""
_MOST = 256
"""Stops of a gradient that is made smooth; Photoshop's dialogue takes fewer."""
_IN_ALL = 4096
"""Stops of a document that are made more: each takes milliseconds."""
_PER_CENT = 100
_STROKE = 250
"""Pixels; Photoshop's widest."""
_OUTSIDE = {b"OutF": 1.0, b"CtrF": 0.5, b"InsF": 0.0}
"""Share of a stroke that is around the layer."""
_Stop = tuple[float, tuple[float, ...], float]
"""place 0 to 1, values, midpoint 0 to 1 of the way from the stop before"""


def smooth(layers: Iterable[Any]) -> None:
    """Put stops between those of all gradients of fills, strokes and effects, and make them as long as Photoshop does.

    What is in a gradient that is none that Photoshop writes leaves it as it is; so do more stops than a document has that a person made.
    """
    left = _IN_ALL
    for layer in layers:
        with suppress(*UNREADABLE):
            for described in _of_layer(layer):
                left -= len(described[b"Clrs"]) + len(described.get(b"Trns", ()))
                if left < 0:
                    return
                with suppress(*UNREADABLE):
                    _smoothed(described)
        with suppress(*UNREADABLE):
            _lengthen(layer)


def ramp(described: Any) -> npt.NDArray[np.float64]:
    """The colours of a gradient at 256 places from its beginning to its end: (256, red, green, blue, alpha), 0 to 255.

    One of `UNREADABLE` is raised if it is none of stops of red, green and blue.
    """
    colours = [(float(stop[b"Lctn"]), *colour_of(stop[b"Clr "])) for stop in described[b"Clrs"]]
    stops = described.get(b"Trns", ())
    alphas = [(float(stop[b"Lctn"]), number_of(stop[b"Opct"], 0, 100) * 2.55) for stop in stops]
    places = np.linspace(0, _WHOLE, 256)
    values = [_interpolated(places, [(stop[0], stop[n]) for stop in colours]) for n in (1, 2, 3)]
    values.append(_interpolated(places, alphas) if alphas else np.full(256, 255.0))
    return np.stack(values, axis=1)


def _interpolated(
    places: npt.NDArray[np.float64], stops: list[tuple[float, float]]
) -> npt.NDArray[np.float64]:
    at, values = zip(*sorted(stops), strict=True)
    made: npt.NDArray[np.float64] = np.interp(places, at, values)
    return made


def drawn_otherwise(described: Any) -> list[str]:
    """What psd-tools does not draw of the gradient of a stroke, in words; empty if it has none, or all is drawn."""
    found = []
    with suppress(*UNREADABLE):
        if described[b"PntT"].enum == b"GrFl":
            gradient = described[b"Grad"]
            if described[b"Type"].enum == b"shapeburst":
                found.append("its gradient across the outline drawn in one colour")
            if gradient[b"GrdF"].enum == b"ClNs":
                found.append("its gradient of noise drawn otherwise")
            elif any(float(stop[b"Opct"]) < _PER_CENT for stop in gradient[b"Trns"]):
                found.append("its gradient's opacity left out")
    return found


def _of_layer(layer: Any) -> Iterator[Any]:
    """The gradients in all that is said of a layer."""
    from psd_tools.psd.descriptor import Descriptor

    for block in layer.tagged_blocks.values():
        if isinstance(block.data, Descriptor):
            yield from _gradients(block.data, 0)


def _lengthen(layer: Any) -> None:
    """Let the gradients of a layer's fill and overlays span its box, and those of a stroke what is around it with the stroke."""
    from psd_tools.constants import Tag

    if layer.is_group():
        return
    fill = layer.tagged_blocks.get_data(Tag.GRADIENT_FILL_SETTING)
    overlays = [each.descriptor for each in layer.effects if type(each).__name__ == "GradientOverlay"]
    for described in [*([] if fill is None else [fill]), *overlays]:
        _stretched(described, layer.width, layer.height, 0)
    for each in layer.effects:
        if type(each).__name__ == "Stroke" and each.descriptor[b"PntT"].enum == b"GrFl":
            described = each.descriptor
            beyond = number_of(described[b"Sz  "], 0, _STROKE) * _OUTSIDE[described[b"Styl"].enum]
            _stretched(
                described, layer.width + 2 * beyond, layer.height + 2 * beyond, math.ceil(beyond) + 1 - beyond
            )


def _stretched(described: Any, width: float, height: float, margin: float) -> None:
    """Let a linear gradient span a box: psd-tools takes its length for a mean of the sides, as far as the angle goes.

    Args:
        described: where its type, angle and scale are.
        width: of the box.
        height: of the box.
        margin: that psd-tools draws it on around the box.
    """
    from psd_tools.psd.descriptor import Double

    if described[b"Type"].enum != b"Lnr " or width < 1 or height < 1:
        return
    angle = float(described.get(b"Angl", 0))
    across, down = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    right = min(width / max(across, 1e-6), height / max(down, 1e-6))
    taken = (90 - angle % 90) / 90 * (width + 2 * margin) + angle % 90 / 90 * (height + 2 * margin)
    described[b"Scl "] = Double(float(described.get(b"Scl ", 100)) * right / taken)


def _gradients(described: Any, depth: int) -> Iterator[Any]:
    from psd_tools.psd.descriptor import Descriptor, List

    if depth > _DEPTH:
        return
    if isinstance(described, Descriptor):
        if b"Clrs" in described and b"Intr" in described:
            yield described
        inside = list(described.values())
    else:
        inside = list(described)
    for each in inside:
        if isinstance(each, Descriptor | List):
            yield from _gradients(each, depth + 1)


def _smoothed(described: Any) -> None:
    """Replace the stops of colour and of opacity by more, of which each has a place and a value."""
    from psd_tools.psd.descriptor import Descriptor, Double, List, UnitFloat
    from psd_tools.terminology import Unit

    smoothness = min(max(float(described[b"Intr"]) / _WHOLE, 0.0), 1.0)
    for key, name in ((b"Clrs", b"Clr "), (b"Trns", b"Opct")):
        stops: list[Any] = list(described.get(key, ()))
        if not 2 <= len(stops) <= _MOST or (key == b"Clrs" and not all(_is_rgb(each) for each in stops)):
            continue
        known = [
            (
                float(each[b"Lctn"]) / _WHOLE,
                tuple(float(each[name][part]) for part in RGB) if key == b"Clrs" else (float(each[name]),),
                float(each.get(b"Mdpn", 50)) / 100,
            )
            for each in stops
        ]
        more: Any = []
        for place, values in _between(known, smoothness):
            colour: Any = dict(zip(RGB, map(Double, values), strict=False))
            value: Any = (
                Descriptor(colour, "", b"RGBC") if key == b"Clrs" else UnitFloat(values[0], Unit.Percent)
            )
            items: Any = {**stops[0], name: value, b"Lctn": Double(place * _WHOLE)}
            more.append(Descriptor(items, "", stops[0].classID))
        described[key] = List(more)


def _is_rgb(stop: Any) -> bool:
    return all(key in stop.get(b"Clr ", ()) for key in RGB)


def _between(stops: Sequence[_Stop], smoothness: float) -> Iterator[tuple[float, tuple[float, ...]]]:
    """Places and values of a gradient, close enough for straight lines between them."""
    yield stops[0][:2]
    for n in range(1, len(stops)):
        (left, p1, _), (right, p2, midpoint) = stops[n - 1], stops[n]
        p0, p3 = stops[max(n - 2, 0)][1], stops[min(n + 1, len(stops) - 1)][1]
        for step in range(1, _STEPS):
            place = step / _STEPS
            t = _warped(place, min(max(midpoint, 0.01), 0.99))
            yield (
                left + (right - left) * place,
                tuple(_mixed(t, smoothness, *four) for four in zip(p0, p1, p2, p3, strict=True)),
            )
        yield right, p2


def _warped(t: float, midpoint: float) -> float:
    return 0.5 * t / midpoint if t < midpoint else 0.5 + 0.5 * (t - midpoint) / (1 - midpoint)


def _mixed(t: float, smoothness: float, p0: float, p1: float, p2: float, p3: float) -> float:
    line = p1 + (p2 - p1) * t
    spline = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return min(max(line + (spline - line) * smoothness, min(p0, p1, p2, p3)), max(p0, p1, p2, p3))
