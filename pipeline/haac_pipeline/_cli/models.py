"""The command `haac models`, and the completion of the option --model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from haac_repo._internal import Console, command

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def model_names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes the option --model."""
    from click.shell_completion import CompletionItem

    from haac_pipeline._segment.models import MODELS

    return [
        CompletionItem(model.name, help=f"{model.good_for} ({model.licence})")
        for model in MODELS.values()
        if model.name.startswith(incomplete)
    ]


@command("models", "Elements")
def models(console: Console) -> None:
    """List the segmentation models: size, licence, and which are here."""
    from haac_pipeline._segment.models import DEFAULT, MODELS, verified
    from haac_repo import DataError

    rows = []
    for model in MODELS.values():
        try:
            state = "embedded" if not model.file else "here" if verified(model.name) else "not fetched"
        except DataError:
            state = "damaged"
        rows.append(
            {
                "name": model.name,
                "megabytes": model.megabytes,
                "licence": model.licence,
                "state": state,
                "good_for": model.good_for,
                "path": str(model.path or model.paths[0]) if model.file else None,
                "default": model.name == DEFAULT,
            }
        )
    console.data(
        rows,
        [
            f"{row['name']:<22} {(str(row['megabytes']) + ' MB') if row['path'] else '':>9}  {row['licence']:<13}"
            f" {row['state']:<12} {row['good_for']}{' (default)' if row['default'] else ''}"
            for row in rows
        ],
    )
    console.note("Weights are fetched at first use. Where the default cannot be had, `offline` serves.")
