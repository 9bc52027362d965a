"""Pictures as recipes: which shared elements stand where, in a few dozen bytes.

from haac import Scene, gradient

scene = Scene(640, 480, background=gradient("skyblue", "white"))
scene.element("7k2").resize(210).rotate(12).place(40, 180)
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haac._blur import decode_blur, encode_blur
    from haac._forms.binary import from_binary, to_binary
    from haac._forms.recipe import read_recipe
    from haac._forms.script import run_script, to_script
    from haac._forms.text import from_text, to_text
    from haac._inline import Inline, encode_inline, inline
    from haac._limits import LIMITS
    from haac._render import ElementCache, render
    from haac._scene import Colour, Gradient, Layer, Placement, Plate, Scene, colour, gradient, plate
    from haac._wash.text import wash
    from haac._wash_encoder.encoder import encode_wash
    from haac._wash_value import Wash

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


# Each loads when it is first used, so that commands stay quick which need little of it; the renderer and the wash bring numpy and Pillow.
_LAZY = {
    "LIMITS": "_limits",
    "Colour": "_scene",
    "ElementCache": "_render",
    "Gradient": "_scene",
    "Inline": "_inline",
    "Layer": "_scene",
    "Placement": "_scene",
    "Plate": "_scene",
    "Scene": "_scene",
    "Wash": "_wash_value",
    "colour": "_scene",
    "decode_blur": "_blur",
    "encode_blur": "_blur",
    "encode_inline": "_inline",
    "encode_wash": "_wash_encoder.encoder",
    "from_binary": "_forms.binary",
    "from_text": "_forms.text",
    "gradient": "_scene",
    "inline": "_inline",
    "plate": "_scene",
    "read_recipe": "_forms.recipe",
    "render": "_render",
    "run_script": "_forms.script",
    "to_binary": "_forms.binary",
    "to_script": "_forms.script",
    "to_text": "_forms.text",
    "wash": "_wash.text",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(f"haac.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)  # with the names that load later: `help(haac)` shows what this lists
