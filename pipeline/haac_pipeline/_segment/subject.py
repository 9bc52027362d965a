"""The subject of a picture: a salient-object mask that weights the error where bytes are shared out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haac_pipeline._extra import CUTTING, missing
from haac_pipeline._segment.models import NONE, OFFLINE, best_here
from haac_pipeline._segment.session import Say, choose_model, mask, need_segmentation
from haac_repo import HaacError, MissingExtraError

if TYPE_CHECKING:
    from PIL import Image

    from haac_match import Subject

_LEAST = 0.002
"""Part of a picture that a subject has at least."""


def segmenter(wanted: str | None, say: Say) -> str | None:
    """Choose the model that finds the subject.

    Args:
        wanted: its name, to be fetched if need be; None: what is here.
        say: told what a person should know.

    Returns:
        None if no model was asked for and not even the embedded one can run.

    Raises:
        HaacError: the one wanted cannot be had.
    """
    if wanted == NONE:
        raise HaacError(f"the model {NONE!r} tells no subject: leave --model out, or give --subject-weight 1")
    if wanted is not None:
        return choose_model(wanted, say)
    if missing(*CUTTING):
        return None
    name = best_here(say)
    if name is None:
        return OFFLINE
    try:
        need_segmentation(name)
        from haac_pipeline._segment.inference import load_runtime

        load_runtime()
        return name
    except MissingExtraError as error:
        say(f"{error}. The embedded model `{OFFLINE}` tells the subject")
        return OFFLINE


def subject(picture: Image.Image, model: str, *, cut: bool) -> Subject | None:
    """Find the subject of a picture: its mask, and its cut-out.

    Args:
        picture: RGB; where it is RGBA, its alpha says already what matters, and there is no other subject.
        model: see `segmenter`.
        cut: also cut it out.
    """
    import numpy as np
    from PIL import Image

    from haac_match import Subject

    if picture.has_transparency_data:
        return None
    picture = picture.convert("RGB")
    where = np.asarray(mask(picture, model))
    if float((where > 127).mean()) < _LEAST:
        return None
    objects = []
    if cut:
        from haac_pipeline._segment.cutout import cut_out

        whole = Image.fromarray(cut_out(np.asarray(picture), where))
        if box := whole.getchannel("A").getbbox():
            objects.append((whole.crop(box), box[:2]))
    return Subject(where, objects)
