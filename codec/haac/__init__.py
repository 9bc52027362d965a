"""Pictures as recipes: which shared elements stand where, in a few dozen bytes.

from haac import Scene, gradient

scene = Scene(640, 480, background=gradient("skyblue", "white"))
scene.element("7k2").resize(210).rotate(12).place(40, 180)
"""

import importlib
from typing import TYPE_CHECKING

from haac._blur import decode_blur, encode_blur
from haac._forms.binary import from_binary, to_binary
from haac._forms.recipe import read_recipe
from haac._forms.script import run_script, to_script
from haac._forms.text import from_text, to_text
from haac._inline import Inline, encode_inline, inline
from haac._limits import LIMITS
from haac._scene import Colour, Gradient, Layer, Placement, Plate, Scene, colour, gradient, plate
from haac._wash_value import Wash

if TYPE_CHECKING:
    from haac._render import ElementCache, render
    from haac._wash.text import wash
    from haac._wash_encoder.encoder import encode_wash

__all__ = [
    "LIMITS",
    "Colour",
    "ElementCache",
    "Gradient",
    "Inline",
    "Layer",
    "Placement",
    "Plate",
    "Scene",
    "Wash",
    "colour",
    "decode_blur",
    "encode_blur",
    "encode_inline",
    "encode_wash",
    "from_binary",
    "from_text",
    "gradient",
    "inline",
    "plate",
    "read_recipe",
    "render",
    "run_script",
    "to_binary",
    "to_script",
    "to_text",
    "wash",
]


# The renderer and the two halves of the wash bring numpy and Pillow: they load when one is first used, so that `haac --help` stays quick.
_LAZY = {
    "ElementCache": "_render",
    "encode_wash": "_wash_encoder.encoder",
    "render": "_render",
    "wash": "_wash.text",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(f"haac.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)  # with the names that load later: `help(haac)` shows what this lists
