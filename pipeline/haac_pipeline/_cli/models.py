"""The command `haac models`, and the completion of the option --model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from haac_repo._internal import Console, command

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from haac_pipeline._segment.models import Model
    from haac_similar import Network


def model_names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes the option --model."""
    from haac_pipeline._segment.models import MODELS

    return _completions(MODELS.values(), incomplete)


def _all_names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes the option --fetch."""
    from haac_pipeline._segment.models import MODELS
    from haac_similar import NETWORKS

    return _completions((*MODELS.values(), *NETWORKS.values()), incomplete)


def _completions(models: Iterable[Model | Network], incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [
        CompletionItem(model.name, help=f"{model.good_for} ({model.licence})")
        for model in models
        if model.name.startswith(incomplete)
    ]


@command("models", "Elements")
@click.option(
    "--fetch",
    metavar="NAME",
    shell_complete=_all_names,
    help="Fetch the weights of this model, check them, and put them where rembg and haac look for them.",
)
def models(console: Console, fetch: str | None) -> None:
    """List the segmentation models and embedding networks: size, licence, and which are here.

    With --fetch, get one ready, e.g. before going where there is no network. A download that breaks off goes on where it
    stopped.
    """
    if fetch is None:
        _list(console)
    else:
        _fetch(console, fetch)


def _list(console: Console) -> None:
    from haac_pipeline._segment.models import DEFAULT, MODELS, OFFLINE, SMALL, best_here
    from haac_repo import DataError
    from haac_similar import NETWORKS
    from haac_similar._internal import is_here

    used = best_here()
    rows = []
    listed: list[Model | Network] = [*MODELS.values(), *NETWORKS.values()]
    for model in listed:
        try:
            state = "embedded" if not model.file else "here" if is_here(model) else "not fetched"
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
                "default": model.name == (used or DEFAULT),
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
    if used is None:
        console.note(
            f"Weights are fetched at first use, or by --fetch. Where {DEFAULT} cannot be had, {SMALL} is fetched; where there is"
            f" no network at all, `{OFFLINE}` serves."
        )


def _fetch(console: Console, name: str) -> None:
    from haac_pipeline._segment.models import MODELS, model
    from haac_similar import NETWORKS
    from haac_similar._internal import fetch

    chosen: Model | Network | None = model(name) if name in MODELS else NETWORKS.get(name)
    if chosen is None or not chosen.file:
        listed: list[Model | Network] = [*MODELS.values(), *NETWORKS.values()]
        those = ", ".join(each.name for each in listed if each.file)
        why = f"{name} is embedded: it has no weights" if chosen else f"there is no model {name!r}"
        raise click.UsageError(f"{why}. --fetch takes one of {those}.")
    console.note(f"{name}: {chosen.megabytes:g} MB, licence {chosen.licence}")
    if not chosen.commercial:
        console.note(
            "Its licence forbids commercial use of what it makes: it is used only where it is named."
        )
    with console.progress(f"Fetching {name}", round(chosen.megabytes * 1e6)) as advance:
        origin = fetch(chosen, advance=advance)
    path = chosen.path
    size = path.stat().st_size if path else 0
    console.data(
        {
            "name": name,
            "path": str(path),
            "bytes": size,
            "licence": chosen.licence,
            "md5": chosen.md5 or None,
            "sha256": chosen.sha256 or None,
            "origin": origin,
        },
        f"{path}: {size:,} bytes, " + ("was here, and is as it should be" if origin == "here" else "checked"),
    )
