"""What a worker process does: the bytes of one picture file -> encoded elements."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haac_repo import HaacError, MissingExtraError, NewElement

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """The settings that make other elements out of the same file."""

    model: str | None = None
    """Name in the table of models; None: the default, or `offline`; 'none': keep opaque pictures whole."""
    split: bool | None = None
    """Separate things become separate elements. None: of pictures that are segmented, not of those with alpha."""
    max_side: int = 2048
    """Pixels; pictures with a longer side are made smaller. 0: as large as elements may be."""
    keep_background: bool = False
    """Also make a plate of what is behind the things."""


@dataclass(frozen=True, slots=True)
class Task:
    """One picture file for a worker."""

    data: bytes
    cutting: Cutting
    model: str | None
    """Chosen and in place; None while none was needed."""


@dataclass(slots=True)
class Made:
    """What became of a Task."""

    elements: list[NewElement] = field(default_factory=list)
    """Without names, tags and provenance."""
    plates: int = 0
    """How many of them, at the end, are grounds."""
    refused: str = ""
    """Why nothing came out."""
    needs_model: bool = False
    """It has no alpha, and the task came without a model: send it again with one."""
    segmented: bool = False


def start_worker(threads: int) -> None:
    """Prepare a worker process.

    Args:
        threads: For the inference of one model.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    os.environ["OMP_NUM_THREADS"] = str(threads)
    end_with_parent()


def end_with_parent() -> None:
    """From now on this worker process ends when its parent does, even if that is killed."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)  # it was killed: nobody would ever end us


def make(task: Task) -> Made:
    """Do one task. Whatever is wrong with the picture comes back as `refused`."""
    try:
        return _make(task)
    except MissingExtraError:
        raise  # would be the same for every picture
    except HaacError as error:
        return Made(refused=str(error))
    except MemoryError:
        return Made(refused="not enough memory for it")
    except Exception as error:  # one bad file never stops a run
        return Made(refused=f"{type(error).__name__}: {error}")


def _make(task: Task) -> Made:
    import numpy as np

    from haac_pipeline._ingest.read import read_picture
    from haac_pipeline._segment.cutout import cut_out, picture, plate, things
    from haac_pipeline._segment.models import NONE
    from haac_pipeline._segment.session import mask

    cutting = task.cutting
    read = read_picture(task.data)
    image = _fitted(read.image if read.has_alpha else read.image.convert("RGB"), cutting.max_side)
    made = Made()
    if image.mode == "RGBA" and _is_cut_out(image):
        found = things(np.asarray(image), split=bool(cutting.split))
    elif cutting.model == NONE:
        found = [np.asarray(image.convert("RGBA"))]
    elif task.model is None:
        made.needs_model = True
        return made
    else:
        made.segmented = True
        with contextlib.suppress(ImportError):
            import cv2

            cv2.setNumThreads(1)  # the processes share the cores
        opaque = _on_white(image) if image.mode == "RGBA" else image
        where = np.asarray(mask(opaque, task.model))
        rgb = np.asarray(opaque)
        found = things(cut_out(rgb, where), split=cutting.split is not False)
        if found and cutting.keep_background:
            with contextlib.suppress(ValueError):
                found.append(plate(rgb, where))
                made.plates = 1
    if not found:
        made.refused = "nothing was found to cut out" if made.segmented else "nothing in it is visible"
        return made
    made.elements = [as_element(picture(part)) for part in found]
    return made


def _is_cut_out(image: Image.Image) -> bool:
    """Whether enough of an RGBA picture shows what is behind it: one in 500 pixels, not just a soft corner or a stray dot."""
    clear = sum(image.getchannel("A").histogram()[:250])
    return clear * 500 >= image.width * image.height


def _on_white(image: Image.Image) -> Image.Image:
    """An RGBA picture without its alpha."""
    from PIL import Image

    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return white.convert("RGB")


def _fitted(image: Image.Image, max_side: int) -> Image.Image:
    from PIL import Image

    from haac_repo import LIMITS

    width, height = image.size
    side = min(max_side or LIMITS.element_side, LIMITS.element_side)
    scale = min(1.0, side / max(width, height), (LIMITS.element_pixels / (width * height)) ** 0.5)
    if scale == 1.0:
        return image
    size = max(1, int(width * scale)), max(1, int(height * scale))
    return image.resize(size, Image.Resampling.LANCZOS)  # Pillow does it in premultiplied alpha


def as_element(image: Image.Image) -> NewElement:
    """RGBA pixels encoded and described; without name, tags and provenance."""
    import numpy as np

    from haac_pipeline._ingest.describe import mean_colour, perceptual_hash
    from haac_repo import encode, pixel_hash

    return NewElement(
        data=encode(image),
        width=image.width,
        height=image.height,
        pixels_sha256=pixel_hash(image),
        colour=mean_colour(np.asarray(image)),
        phash=perceptual_hash(image),
    )
