"""Inner API of haac_pipeline: what haac_evidence and haac_studio use of it beside its public names. May change at any time."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haac_pipeline._compress.options import need_tagged, options_of, usual_options
    from haac_pipeline._compress.quality import (
        percent_different,
        percents_different,
        psnr,
        quality,
        ssim,
    )
    from haac_pipeline._compress.run import compress_file, compress_files, opened
    from haac_pipeline._compress.task import CompressedFile, Outputs, Task
    from haac_pipeline._describe import describe
    from haac_pipeline._engine.engine import Job, Limits
    from haac_pipeline._engine.local import Local
    from haac_pipeline._engine.workers import Workers
    from haac_pipeline._extra import (
        CUTTING,
        MATCHING,
        TELLING,
        missing,
        need_matching,
        need_similar,
        need_telling,
    )
    from haac_pipeline._ingest.describe import software
    from haac_pipeline._ingest.review import Cutout, CutPicture, cut_picture, recut_picture
    from haac_pipeline._ingest.sidecar import default_name
    from haac_pipeline._parallel import cores, limit_threads, one_core
    from haac_pipeline._segment.refine import Hint
    from haac_pipeline._segment.session import choose_model, mask
    from haac_pipeline._segment.subject import segmenter

__all__ = [
    "CUTTING",
    "MATCHING",
    "TELLING",
    "CompressedFile",
    "CutPicture",
    "Cutout",
    "Hint",
    "Job",
    "Limits",
    "Local",
    "Outputs",
    "Task",
    "Workers",
    "choose_model",
    "compress_file",
    "compress_files",
    "cores",
    "cut_picture",
    "default_name",
    "describe",
    "limit_threads",
    "mask",
    "missing",
    "need_matching",
    "need_similar",
    "need_tagged",
    "need_telling",
    "one_core",
    "opened",
    "options_of",
    "percent_different",
    "percents_different",
    "psnr",
    "quality",
    "recut_picture",
    "segmenter",
    "software",
    "ssim",
    "usual_options",
]

_PLACES = {
    "_compress.options": "need_tagged options_of usual_options",
    "_compress.quality": "percent_different percents_different psnr quality ssim",
    "_compress.run": "compress_file compress_files opened",
    "_compress.task": "CompressedFile Outputs Task",
    "_describe": "describe",
    "_engine.engine": "Job Limits",
    "_engine.local": "Local",
    "_engine.workers": "Workers",
    "_extra": "CUTTING MATCHING TELLING missing need_matching need_similar need_telling",
    "_ingest.describe": "software",
    "_ingest.review": "CutPicture Cutout cut_picture recut_picture",
    "_ingest.sidecar": "default_name",
    "_parallel": "cores limit_threads one_core",
    "_segment.refine": "Hint",
    "_segment.session": "choose_model mask",
    "_segment.subject": "segmenter",
}
"""Where the names stand, by module."""

_LAZY = {name: module for module, names in _PLACES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(f"haac_pipeline.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
