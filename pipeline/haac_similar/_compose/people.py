"""Whether a picture may show a person."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from PIL import Image

WORN = frozenset({"clothing", "headgear", "sport"})
"""Kinds that are mostly photographed on people."""
ANIMALS = frozenset(
    {
        *(
            "fish",
            "bird",
            "amphibian",
            "turtle",
            "lizard",
            "snake",
            "spider",
            "marsupial",
            "shell or slug",
            "crustacean",
        ),
        *(
            "sea mammal",
            "dog",
            "cat",
            "bear",
            "insect",
            "sea animal",
            "rodent",
            "hoofed animal",
            "ape or monkey",
            "elephant",
        ),
    }
)
"""In their fur and feathers the detector sees faces of people that are none."""
_SIDE = 200
"""Pixels of the longer side at which faces are looked for."""
_FACE = (24, 150)
"""Pixels of a face's side, from and to."""


def may_show_person(picture: Image.Image, kind: str) -> bool:
    """Whether there is a person in a picture, by its kind or by a face seen from the front.

    Source of the face detector: scikit-image's cascade of multi-block local binary patterns (S. Liao et al., 2007).
    """
    return kind in WORN or (kind not in ANIMALS and _has_face(picture))


def _has_face(picture: Image.Image) -> bool:
    small = picture.convert("L")
    small.thumbnail((_SIDE, _SIDE))
    if min(small.size) < _FACE[0]:
        return False
    found = _cascade().detect_multi_scale(
        img=np.asarray(small),
        scale_factor=1.2,
        step_ratio=1,
        min_size=(_FACE[0],) * 2,
        max_size=(_FACE[1],) * 2,
    )
    return bool(found)


@cache
def _cascade() -> Any:
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())
