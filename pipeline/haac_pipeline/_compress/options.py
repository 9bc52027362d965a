"""Options of the matcher, with the defaults of `haac compress`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from haac_repo import ElementNotFoundError

if TYPE_CHECKING:
    from haac_match import Options
    from haac_repo import Repository


def need_tagged(repository: Repository, tags: Sequence[str]) -> None:
    """Make sure that there is an element with all of some tags.

    Raises:
        ElementNotFoundError: there is none.
    """
    if tags and not any(set(tags) <= set(element.tags) for element in repository.elements()):
        named = " and ".join(map(repr, tags))
        raise ElementNotFoundError(f"no element has the tag {named}: see what there is with `haac stats`")


def options_of(*, max_layers: int | None, **others: Any) -> Options:
    """Options of the matcher, with its own default where `max_layers` is None."""
    from haac_match import Options

    return Options(**others) if max_layers is None else Options(max_layers=max_layers, **others)


def usual_options(
    *, segmenter: str | None, inline: bool | None, weight: float | None = None, **others: Any
) -> Options:
    """Options of the matcher with the defaults of `haac compress`.

    Args:
        segmenter: the model that tells the subject; None: nothing does.
        inline: the recipe may carry the subject, cut out, as WebP; None: WebP, but not cut out; False: no WebP at all.
        weight: of the subject; None: 4, where something tells it.
        others: as `options_of` takes them.
    """
    return options_of(
        subject_weight=1.0 if segmenter is None else 4.0 if weight is None else weight,
        inline=inline is not False,
        cut_subject=bool(inline),
        weigh_choice=weight is not None,
        **others,
    )
