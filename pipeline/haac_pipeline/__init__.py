"""Pictures -> elements: read, segment, cut out, describe, store."""

from haac_pipeline._ingest.read import Picture, read_picture
from haac_pipeline._ingest.run import FileReport, IngestReport, Settings, ingest
from haac_pipeline._ingest.sidecar import About, read_sidecar
from haac_pipeline._ingest.sources import Refused, Source, find_sources
from haac_pipeline._ingest.worker import Cutting
from haac_pipeline._limits import INGEST_LIMITS, IngestLimits
from haac_pipeline._segment.models import MODELS, Model

__all__ = [
    "INGEST_LIMITS",
    "MODELS",
    "About",
    "Cutting",
    "FileReport",
    "IngestLimits",
    "IngestReport",
    "Model",
    "Picture",
    "Refused",
    "Settings",
    "Source",
    "find_sources",
    "ingest",
    "read_picture",
    "read_sidecar",
]


def __dir__() -> list[str]:
    return list(__all__)
