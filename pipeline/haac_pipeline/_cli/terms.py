"""Options that say of all new elements what they are and whose: tags, licence, attribution."""

from __future__ import annotations

import click

from haac_repo._internal import completion

tags_option = click.option(
    "--tags",
    multiple=True,
    metavar="TAG,TAG,...",
    shell_complete=completion.listed_tags,
    help="Tags for all elements.",
)
licence_option = click.option(
    "--license", "--licence", "licence", default="", help="Licence of the pictures: SPDX, or words."
)
attribution_option = click.option("--attribution", default="", help="Who is to be credited.")
