"""Elements under short ids: catalog, packs, log, publishing, mirrors."""

from haac_repo._element import Element, Provenance
from haac_repo._errors import (
    DataError,
    ElementError,
    ElementMissingError,
    ElementNotFoundError,
    ElementWithdrawnError,
    HaacError,
    IntegrityError,
    MissingExtraError,
    PictureError,
    RecipeError,
    RepositoryBusyError,
    RepositoryError,
    TransportError,
)
from haac_repo._ids import format_id, parse_id
from haac_repo._limits import LIMITS
from haac_repo._pixels import pixel_hash

__all__ = [
    "LIMITS",
    "DataError",
    "Element",
    "ElementError",
    "ElementMissingError",
    "ElementNotFoundError",
    "ElementWithdrawnError",
    "HaacError",
    "IntegrityError",
    "MissingExtraError",
    "PictureError",
    "Provenance",
    "RecipeError",
    "RepositoryBusyError",
    "RepositoryError",
    "TransportError",
    "format_id",
    "parse_id",
    "pixel_hash",
]
