"""Optional dependencies: which packages of `haac[ingest]` or `haac[similar]` a job needs, and what is said where one is not installed.

A package may be missing because this Python has no wheel of it; what does not need it must go on.
"""

from __future__ import annotations

from importlib.util import find_spec

from haac_repo import MissingExtraError

_PACKAGES = {
    "cv2": "opencv-python-headless",
    "faiss": "faiss-cpu",
    "numba": "numba",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "pymatting": "pymatting",
    "skimage": "scikit-image",
}
"""Modules, and the packages that bring them."""

CUTTING = ("cv2",)
"""What cutting out objects needs with any model, the embedded one too."""
MODELS = (*CUTTING, "onnxruntime")
"""What models with weights need. They are rembg's, which itself is not imported."""
MATTING = (*CUTTING, "numba", "pymatting")
"""What alpha matting needs; rembg brings pymatting."""
MATCHING = ("cv2", "faiss", "numba")
"""What finding elements in pictures needs, and the match index."""
SIMILAR = ("onnx", "onnxruntime")
"""What embedding pictures needs."""
TELLING = (*SIMILAR, *CUTTING, "skimage")
"""What telling photographs by similar elements needs."""


def missing(*modules: str) -> list[str]:
    """The packages that are not installed, of those that bring these modules. Nothing is imported for it."""
    return [_PACKAGES[module] for module in modules if find_spec(module) is None]


def need(purpose: str, *modules: str, without: str = "", extra: str = "ingest") -> None:
    """Make sure that modules are installed.

    Args:
        purpose: what they are for, as the beginning of a sentence.
        modules: their names when imported.
        without: what can be done where they are not.
        extra: that brings them.

    Raises:
        MissingExtraError: one of them is not.
    """
    if names := missing(*modules):
        raise MissingExtraError(
            f"{purpose} needs {', '.join(names)}, not installed here: pip install 'haac[{extra}]'; what that leaves out has no"
            ' wheel for this Python (README, "What runs where")' + (f". {without}" if without else "")
        )


def need_similar() -> None:
    """Make sure that pictures can be embedded.

    Raises:
        MissingExtraError: they cannot.
    """
    need("finding similar elements", *SIMILAR, extra="similar")


def need_telling() -> None:
    """Make sure that photographs can be told by similar elements.

    Raises:
        MissingExtraError: they cannot.
    """
    need("telling photographs by similar elements", *TELLING, extra="ingest,similar")


def need_matching() -> None:
    """Make sure that elements can be looked for in pictures.

    Raises:
        MissingExtraError: they cannot.
    """
    need(
        "finding elements in pictures",
        *MATCHING,
        without="Without it, `haac compress --no-catalog` makes a wash of any picture",
    )
