"""The inner API of haac: what its own matcher, pipeline, benchmarks and training scripts need beside the public names.

Not for users: anything here may change at any time, without notice and without a new version. It is the one door: outside the package,
nothing else that begins with an underscore is imported (but for the command line, `haac._cli`). Names load when they are first used, since
most of them bring numpy.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haac import _blur as blur
    from haac._drawing.boxes import COS, sin
    from haac._drawing.layer import blur_and_fade, draw, draw_premultiplied, warp
    from haac._drawing.work import WEIGHTS, check_work
    from haac._files import check_fingerprint, decode_files, picture_bytes, picture_format
    from haac._forms import binary, binary_elements, binary_layer, binary_similar
    from haac._forms.binary import measured
    from haac._forms.inspect import explain, inspect
    from haac._forms.layer_order import covering, ordered
    from haac._forms.names import caption_by, element_names
    from haac._inline import inline_digits
    from haac._input.limits import PICTURE_LIMITS, PictureLimits
    from haac._input.read import Picture, full_size, read_frames, read_picture
    from haac._rans import GROWTH, Table
    from haac._render import NO_ELEMENTS, ElementSource, draw_background
    from haac._scene import (
        SIMILAR,
        Background,
        element_number,
        format_colour,
        parse_colour,
    )
    from haac._vectors import DrawnElements, check_vectors, load_vectors
    from haac._wash import bitstream, contexts, tables
    from haac._wash.synthesis import amplitude, drawn_planes, finest
    from haac._wash.tables import (
        CAUSAL,
        CONTEXTS,
        DILATIONS,
        FEATURES,
        SYMBOLS,
        ZONES,
        Tables,
        make_tables,
    )
    from haac._wash.text import wash_digits
    from haac._wash_encoder.analysis import opponent
    from haac._wash_encoder.context_model import UNCODED
    from haac._wash_encoder.encoder import WashEncoder
    from haac._wash_encoder.rate_control import TRADE
    from haac._wash_value import band_shapes, grid

__all__ = [
    "CAUSAL",
    "CONTEXTS",
    "COS",
    "DILATIONS",
    "FEATURES",
    "GROWTH",
    "NO_ELEMENTS",
    "PICTURE_LIMITS",
    "SIMILAR",
    "SYMBOLS",
    "TRADE",
    "UNCODED",
    "WEIGHTS",
    "ZONES",
    "Background",
    "DrawnElements",
    "ElementSource",
    "Picture",
    "PictureLimits",
    "Table",
    "Tables",
    "WashEncoder",
    "amplitude",
    "band_shapes",
    "binary",
    "binary_elements",
    "binary_layer",
    "binary_similar",
    "bitstream",
    "blur",
    "blur_and_fade",
    "caption_by",
    "check_fingerprint",
    "check_vectors",
    "check_work",
    "contexts",
    "covering",
    "decode_files",
    "draw",
    "draw_background",
    "draw_premultiplied",
    "drawn_planes",
    "element_names",
    "element_number",
    "explain",
    "finest",
    "format_colour",
    "full_size",
    "grid",
    "inline_digits",
    "inspect",
    "load_vectors",
    "make_tables",
    "measured",
    "opponent",
    "ordered",
    "parse_colour",
    "picture_bytes",
    "picture_format",
    "read_frames",
    "read_picture",
    "sin",
    "tables",
    "warp",
    "wash_digits",
]

_PLACES = {
    "_drawing.boxes": "COS sin",
    "_drawing.layer": "blur_and_fade draw draw_premultiplied warp",
    "_drawing.work": "WEIGHTS check_work",
    "_files": "check_fingerprint decode_files picture_bytes picture_format",
    "_forms.binary": "measured",
    "_forms.inspect": "explain inspect",
    "_forms.layer_order": "covering ordered",
    "_forms.names": "caption_by element_names",
    "_inline": "inline_digits",
    "_input.limits": "PICTURE_LIMITS PictureLimits",
    "_input.read": "Picture full_size read_frames read_picture",
    "_rans": "GROWTH Table",
    "_render": "NO_ELEMENTS ElementSource draw_background",
    "_scene": "SIMILAR Background element_number format_colour parse_colour",
    "_vectors": "DrawnElements check_vectors load_vectors",
    "_wash.synthesis": "amplitude drawn_planes finest",
    "_wash.text": "wash_digits",
    "_wash.tables": "CAUSAL CONTEXTS DILATIONS FEATURES SYMBOLS ZONES Tables make_tables",
    "_wash_encoder.analysis": "opponent",
    "_wash_encoder.encoder": "WashEncoder",
    "_wash_encoder.context_model": "UNCODED",
    "_wash_encoder.rate_control": "TRADE",
    "_wash_value": "band_shapes grid",
}
"""Where the names stand, by module."""

_MODULES = {
    "binary": "_forms.binary",
    "binary_elements": "_forms.binary_elements",
    "binary_layer": "_forms.binary_layer",
    "binary_similar": "_forms.binary_similar",
    "bitstream": "_wash.bitstream",
    "blur": "_blur",
    "contexts": "_wash.contexts",
    "tables": "_wash.tables",
}
"""Whole modules: for the scripts that write the format's page out of their tables, or train those of the wash."""

_LAZY = {name: module for module, names in _PLACES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return importlib.import_module(f"haac.{_MODULES[name]}")
    if name in _LAZY:
        return getattr(importlib.import_module(f"haac.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
