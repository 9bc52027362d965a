"""rembg sessions: choice of the model, download of its weights, masks. rembg loads at the first mask."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from haac_pipeline._extra import CUTTING, MODELS, need
from haac_pipeline._segment.models import DEFAULT, NONE, OFFLINE, Model, model, verified
from haac_repo import DataError, MissingExtraError, TransportError

if TYPE_CHECKING:
    from PIL import Image

Say = Callable[[str], None]


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
    """Choose a model, and download its weights if need be.

    Args:
        wanted: Its name; None: the default where its weights are there or can be fetched, else the embedded one.
        say: Told what a person should know.

    Raises:
        HaacError: the one wanted cannot be had.
    """
    if wanted == NONE:
        return NONE
    need_segmentation(OFFLINE)
    name = wanted or DEFAULT
    chosen = model(name)
    if not chosen.commercial:
        say(f"The model {name} is not for commercial use ({chosen.licence})")
    try:
        need_segmentation(name)
        if not verified(name):
            _download(chosen, say)
            verified(name)
    except (DataError, MissingExtraError, TransportError) as error:
        if wanted is not None:
            raise
        say(
            f"The model {name} cannot be had ({error}). The embedded model `{OFFLINE}` serves instead: preview quality."
            " `haac models` lists the others"
        )
        return OFFLINE
    return name


def _download(chosen: Model, say: Say) -> None:
    import httpx

    try:  # a quick look first: rembg takes seconds to load and says little when there is no network
        httpx.head(chosen.url, follow_redirects=True, timeout=10.0).raise_for_status()
        say(f"Fetching the model {chosen.name} ({chosen.megabytes:g} MB, {chosen.licence})")
        load_rembg()
        from rembg.sessions import sessions

        sessions[chosen.name].download_models()
    except (httpx.HTTPError, OSError, ValueError) as error:
        raise TransportError(
            f"its weights are not here, and {chosen.url} cannot be fetched: {error}"
        ) from error


def mask(picture: Image.Image, name: str) -> Image.Image:
    """Segment the salient object of a picture.

    Args:
        picture: Mode RGB, upright.
        name: A model whose weights are in place (see `choose_model`).

    Returns:
        Mode L, same size: 255 is the object.
    """
    from PIL import Image

    low, high = picture.convert("L").getextrema()
    if low == high:  # some models stretch what they find: of nothing they would make noise
        return Image.new("L", picture.size)
    if name == OFFLINE:  # needs no rembg, which not every Python can have
        import numpy as np

        from haac_pipeline._segment.offline import object_mask

        return Image.fromarray(object_mask(np.array(picture)))
    # `remove` concatenates the masks of models that find several objects; all of ours find one.
    found: Image.Image = load_rembg().remove(picture, session=_session(name), only_mask=True)
    return found.convert("L")


@cache
def _session(name: str) -> Any:
    return load_rembg().new_session(name, providers=_providers())


def _providers() -> list[str]:
    import onnxruntime

    there = onnxruntime.get_available_providers()
    wanted = ("CUDAExecutionProvider", "ROCMExecutionProvider", "CPUExecutionProvider")
    return [name for name in wanted if name in there]


@cache
def load_rembg() -> Any:
    """Import rembg, which takes seconds.

    Raises:
        MissingExtraError: it cannot be loaded.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    # It prints and exits where onnxruntime is broken.
    try:
        with contextlib.redirect_stdout(None):
            import rembg
    except (ImportError, SystemExit) as error:
        raise MissingExtraError(f"rembg cannot be loaded ({error}): pip install 'haac[ingest]'") from None
    return rembg
