"""The command `blur`: a picture as a string of about 25 bytes, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haac._cli.arguments import output_option
from haac_repo._internal import Console, command, completion, refuse

if TYPE_CHECKING:
    from PIL import Image


_ENOUGH = 1024
"""Pixels of the long side: a string shows far fewer."""


@command("blur", "Recipes")
@click.argument("picture", shell_complete=completion.files)
@click.option("--decode", is_flag=True, help="PICTURE is a blur string: draw it.")
@output_option("Picture to write; with --decode.")
@click.option(
    "--size",
    type=click.IntRange(1, 16_383),
    default=320,
    show_default=True,
    help="Pixels of the long side; with --decode.",
)
@click.option(
    "--bytes",
    "budget",
    type=click.IntRange(12, 2048),
    default=25,
    show_default=True,
    help="Length before base64, which makes 4 characters of 3 bytes.",
)
def blur(console: Console, picture: str, decode: bool, output: Path | None, size: int, budget: int) -> None:
    """Turn a picture into a short string that shows it blurred.

    The string (34 characters for 25 bytes) can stand in a web page until the picture itself has come. It keeps the shape and the
    alpha, needs no repository, and decodes to any size.
    """
    if not decode:
        refuse({"output", "size"}, "goes with --decode; without it the string is printed.")
        from haac import encode_blur

        text = encode_blur(_read(console, Path(picture)), budget)
        console.data({"blur": text, "bytes": len(text) * 3 // 4}, text)
        return
    refuse({"budget"}, "goes without --decode.")
    if output is None:
        raise click.UsageError("--decode needs -o FILE.")
    from haac import decode_blur
    from haac._files import picture_bytes
    from haac_repo import write_file

    image = decode_blur(picture, size)
    write_file(output, picture_bytes(image, output.suffix))
    console.data({"picture": str(output), "size": image.size}, f"{output}: {image.width}x{image.height}")


def _read(console: Console, path: Path) -> Image.Image:
    """A picture, upright and in sRGB; a large photograph as small as is enough.

    Raises:
        PictureError: not a picture, or too large.
    """
    from haac._input.limits import check_bytes
    from haac._input.read import read_picture
    from haac_repo import PictureError

    try:
        check_bytes(path.stat().st_size)
        read = read_picture(path.read_bytes(), at_least=_ENOUGH)
    except FileNotFoundError as error:
        raise PictureError(f"there is no picture {path}") from error
    except OSError as error:
        raise PictureError(f"{path} cannot be read: {error.strerror or error}") from error
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error
    for note in read.notes:
        console.note(f"{path}: {note}")
    return read.image if read.has_alpha else read.image.convert("RGB")
