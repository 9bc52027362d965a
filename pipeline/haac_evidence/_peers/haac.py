"""What `haac compress --budget` makes of a picture, for a series of budgets."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from haac_evidence._peers.files import Measured

if TYPE_CHECKING:
    from PIL import Image

    from haac_evidence._scores.scores import Scorer


def recipes(
    picture: Image.Image, budgets: Sequence[int], repository: Path | None, scorer: Scorer
) -> Iterator[Measured]:
    """Recipes of a picture. Errors count everywhere alike, as the scores count them: no subject is looked for.

    Args:
        picture: RGB.
        budgets: bytes, growing.
        repository: its elements are looked for; None: the recipe is a wash or, where that is better, WebP.
        scorer: of what was made of the picture.
    """
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    data = buffer.getvalue()
    whole: Measured | None = None
    if repository is not None:
        # Elements need no budget: what is found is the same for all that it fits in.
        whole = _recipe(scorer, data, None, repository)
        if whole is not None:
            yield whole
    last = None
    for budget in budgets:
        if whole is not None and whole.bytes <= budget and whole.exact:
            return
        found = _recipe(scorer, data, budget, repository)
        if found is not None and found != last:
            yield found
        last = found


def _recipe(scorer: Scorer, data: bytes, budget: int | None, repository: Path | None) -> Measured | None:
    """None where there is no recipe so small."""
    from haac import from_binary, render
    from haac._internal import NO_ELEMENTS
    from haac_pipeline._internal import Outputs, Task, compress_file, opened, options_of

    target = Path("picture.haac")
    options = options_of(max_layers=None, budget=budget, inline=True)
    done = compress_file(Task("picture.png", data, Outputs(target), options, repository))
    if done.error:
        return None
    recipe = done.files[target]
    source = NO_ELEMENTS if repository is None else opened(repository)[0]
    made = render(from_binary(recipe), source).convert("RGB")
    layers = [f"layers={len(done.ids)}"] if done.ids else []
    what = " ".join([*layers, done.rest or ("" if layers else "wash")]).strip()
    return Measured(len(recipe), len(recipe), scorer(made), what)
