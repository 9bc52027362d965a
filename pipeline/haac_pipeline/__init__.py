"""Pictures -> elements: read, segment, cut out, describe, store."""

from haac_pipeline._ingest import FileReport, IngestReport, Settings, ingest
from haac_pipeline._limits import INGEST_LIMITS, IngestLimits
from haac_pipeline._models import MODELS, Model
from haac_pipeline._read import Picture, read_picture
from haac_pipeline._sidecar import About, read_sidecar
from haac_pipeline._sources import Refused, Source, find_sources
from haac_pipeline._work import Cutting

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
