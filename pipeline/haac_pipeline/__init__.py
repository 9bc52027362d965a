"""Pictures to elements, and pictures to recipes: read, segment, cut out, describe, store; match, encode, report."""

import importlib
from typing import TYPE_CHECKING

from haac_pipeline._limits import INGEST_LIMITS, IngestLimits

if TYPE_CHECKING:
    from haac._internal import PICTURE_LIMITS, Picture, PictureLimits, read_frames, read_picture
    from haac_pipeline._engine.cluster import Scheduler
    from haac_pipeline._ingest.run import FileReport, IngestReport, Settings, ingest
    from haac_pipeline._ingest.sidecar import About, read_sidecar
    from haac_pipeline._ingest.worker import Cutting
    from haac_pipeline._input.passed_over import PassedOverCount, PassedOverGroup
    from haac_pipeline._input.source import PassedOver, Refused, Source
    from haac_pipeline._input.sources import find_sources
    from haac_pipeline._segment.models import MODELS, Model

__all__ = [
    "INGEST_LIMITS",
    "MODELS",
    "PICTURE_LIMITS",
    "About",
    "Cutting",
    "FileReport",
    "IngestLimits",
    "IngestReport",
    "Model",
    "PassedOver",
    "PassedOverCount",
    "PassedOverGroup",
    "Picture",
    "PictureLimits",
    "Refused",
    "Scheduler",
    "Settings",
    "Source",
    "find_sources",
    "ingest",
    "read_frames",
    "read_picture",
    "read_sidecar",
]

# Loaded when first used: a worker that compresses needs nothing of the ingest.
_LAZY = {
    "MODELS": "_segment.models",
    "About": "_ingest.sidecar",
    "Cutting": "_ingest.worker",
    "FileReport": "_ingest.run",
    "IngestReport": "_ingest.run",
    "Model": "_segment.models",
    "PassedOver": "_input.source",
    "PassedOverCount": "_input.passed_over",
    "PassedOverGroup": "_input.passed_over",
    "Refused": "_input.source",
    "Scheduler": "_engine.cluster",
    "Settings": "_ingest.run",
    "Source": "_input.source",
    "find_sources": "_input.sources",
    "ingest": "_ingest.run",
    "read_sidecar": "_ingest.sidecar",
}

_READER = {"PICTURE_LIMITS", "Picture", "PictureLimits", "read_frames", "read_picture"}
"""Stands below, where `haac blur` reaches it too."""


def __getattr__(name: str) -> object:
    if name in _READER:
        return getattr(importlib.import_module("haac._internal"), name)
    if name in _LAZY:
        return getattr(importlib.import_module(f"haac_pipeline.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
