"""The command `blur`: pictures as strings of about 25 bytes, also as markup for a web page, and back."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import click

from haac._cli.arguments import output_option
from haac_repo._internal import Console, command, completion, refuse

if TYPE_CHECKING:
    from PIL import Image

Markup = Literal["img", "blur"]

_ENOUGH = 1024
"""Pixels of the long side: a string shows far fewer."""
_DECODED = 320
_PLACEHOLDER = 32
"""Pixels of the long side of a data URI: browsers make it larger, and soft, which it is anyway."""
_NAMES = "jpg jpeg png webp avif gif bmp tif tiff heic heif jxl svg"
_SUFFIXES = frozenset(f".{suffix}" for suffix in _NAMES.split())
"""What a folder is searched for."""


@command("blur", "Recipes")
@click.argument("picture", nargs=-1, required=True, shell_complete=completion.files)
@click.option("--decode", is_flag=True, help="PICTURE is a blur string: draw it.")
@output_option("Picture to write; with --decode.")
@click.option(
    "--size",
    type=click.IntRange(1, 16_383),
    help="Pixels of the long side; with --decode (320), or of the picture in a data URI (32).",
)
@click.option(
    "--bytes",
    "budget",
    type=click.IntRange(12, 2048),
    default=25,
    show_default=True,
    help="Length before base64, which makes 4 characters of 3 bytes.",
)
@click.option(
    "--data-uri", is_flag=True, help="Print a data: URI of what the string shows, which needs no JavaScript."
)
@click.option(
    "--html",
    "markup",
    type=click.Choice(["img", "blur"]),
    help="Print HTML with size and alternative text: an <img> that shows the data URI until the picture has come, or a"
    " <haac-blur> around it (docs/web.md).",
)
@click.option("--css", is_flag=True, help="Print a CSS rule that has the data URI as background.")
def blur(
    console: Console,
    picture: tuple[str, ...],
    decode: bool,
    output: Path | None,
    size: int | None,
    budget: int,
    **forms: Any,
) -> None:
    """Turn pictures into short strings that show them blurred.

    The string (34 characters for 25 bytes) can stand in a web page until the picture itself has come. It keeps the shape and the
    alpha, needs no repository, and decodes to any size.

    Of one picture the string is printed; of several, and of those in folders, a line for each: string, then name. With --html, --css or
    --data-uri it is what can be pasted into a page.
    """
    if decode:
        refuse({"budget", *forms}, "goes without --decode.")
        _decode(console, picture, output, size or _DECODED)
        return
    refuse({"output"}, "goes with --decode; without it the string is printed.")
    if sum(map(bool, forms.values())) > 1:
        raise click.UsageError("--html, --css and --data-uri are for one another: give one of them.")
    markup, css = forms["markup"], forms["css"]
    has_uri = forms["data_uri"] or css or markup == "img"
    if not has_uri:
        refuse({"size"}, "goes with --decode, or with a data URI; without them the string is printed.")
    _encode(console, picture, budget, (size or _PLACEHOLDER) if has_uri else None, markup, css)


def _decode(console: Console, picture: tuple[str, ...], output: Path | None, size: int) -> None:
    if output is None:
        raise click.UsageError("--decode needs -o FILE.")
    if len(picture) > 1:
        raise click.UsageError("--decode draws one string.")
    from haac import decode_blur
    from haac._files import picture_bytes
    from haac_repo import write_file

    image = decode_blur(picture[0], size)
    write_file(output, picture_bytes(image, output.suffix))
    console.data({"picture": str(output), "size": image.size}, f"{output}: {image.width}x{image.height}")


def _encode(
    console: Console,
    pictures: tuple[str, ...],
    budget: int,
    shown: int | None,
    markup: Markup | None,
    css: bool,
) -> None:
    """Print a line, or an object, for each picture.

    Args:
        console: There.
        pictures: Files and folders.
        budget: Bytes of a string.
        shown: Pixels of the long side of data URIs; None for none.
        markup: That is printed.
        css: Whether rules are printed.
    """
    from haac import decode_blur, encode_blur
    from haac_repo import HaacError

    alone = len(pictures) == 1 and not Path(pictures[0]).is_dir()
    many: list[dict[str, object]] = []
    failed = 0
    for path in _files(pictures):
        try:
            image = _read(console, path, whole=markup is not None or css)
            text = encode_blur(image, budget)
        except HaacError as error:
            if alone:
                raise
            console.error(str(error), type(error).__name__)
            failed += 1
            continue
        uri = "" if shown is None else _data_uri(decode_blur(text, shown))
        value: dict[str, object] = {"blur": text, "bytes": len(text) * 3 // 4}
        line = uri or (text if alone else f"{text}  {path}")
        if uri:
            value["data_uri"] = uri
        if markup or css:
            line = _html(markup, path, image.size, text, uri) if markup else _css(path, image.size, uri)
            value |= {"width": image.width, "height": image.height, "html" if markup else "css": line}
        if console.as_json and not alone:
            many.append({"picture": str(path), **value})
        else:
            console.data(value, line)
    if not alone and console.as_json:
        console.data(many)
    if failed:
        raise click.exceptions.Exit(1)


def _files(pictures: tuple[str, ...]) -> Iterator[Path]:
    """The files that are named, and of folders the pictures in them, by name.

    Raises:
        PictureError: a folder without pictures.
    """
    from haac_repo import PictureError

    for given in pictures:
        path = Path(given)
        if not path.is_dir():
            yield path
            continue
        found = sorted(
            each for each in path.rglob("*") if each.suffix.lower() in _SUFFIXES and each.is_file()
        )
        if not found:
            raise PictureError(f"there are no pictures in {path}")
        yield from found


def _read(console: Console, path: Path, *, whole: bool) -> Image.Image:
    """A picture, upright and in sRGB; a large photograph as small as is enough, unless its size is to be told.

    Raises:
        PictureError: not a picture, or too large.
    """
    from haac._input.limits import check_bytes
    from haac._input.read import read_picture
    from haac_repo import PictureError

    try:
        check_bytes(path.stat().st_size)
        read = read_picture(path.read_bytes(), at_least=None if whole else _ENOUGH)
    except FileNotFoundError as error:
        raise PictureError(f"there is no picture {path}") from error
    except OSError as error:
        raise PictureError(f"{path} cannot be read: {error.strerror or error}") from error
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error
    for note in read.notes:
        console.note(f"{path}: {note}")
    return read.image if read.has_alpha else read.image.convert("RGB")


def _data_uri(image: Image.Image) -> str:
    """The smaller one of a PNG and a WebP, as a URI."""
    opaque = image.getchannel("A").getextrema()[0] == 255
    found = []
    for format, options in (("WEBP", {"quality": 50, "method": 6}), ("PNG", {"optimize": True})):
        buffer = io.BytesIO()
        (image.convert("RGB") if opaque else image).save(buffer, format, **options)
        found.append((buffer.tell(), f"data:image/{format.lower()};base64,", buffer.getvalue()))
    _, prefix, data = min(found)
    return prefix + base64.b64encode(data).decode()


def _html(markup: Markup, path: Path, size: tuple[int, int], text: str, uri: str) -> str:
    """An element of a page that shows the picture, and before that the string."""
    source = html.escape(quote(path.as_posix()))
    about = (
        f'src="{source}" width="{size[0]}" height="{size[1]}" alt="{html.escape(_alt(path))}" loading="lazy"'
    )
    if markup == "blur":
        return f'<haac-blur value="{text}"><img {about}></haac-blur>'
    return f'<img {about} style="background: url({uri}) 0 0 / 100% 100% no-repeat">'


def _alt(path: Path) -> str:
    """What the picture shows, as far as its name says it in words; nothing where it has digits in it, as those of cameras."""
    return "" if re.search(r"\d", path.stem) else " ".join(re.split(r"[\s_-]+", path.stem)).strip()


def _css(path: Path, size: tuple[int, int], uri: str) -> str:
    """A rule whose class is the picture's name."""
    name = re.sub(r"[^\w-]+", "-", path.stem, flags=re.ASCII).strip("-")
    name = name if re.match(r"-?[A-Za-z_]", name) else f"picture-{name}"
    return f".{name} {{ aspect-ratio: {size[0]} / {size[1]}; background: url({uri}) 0 0 / 100% 100% no-repeat; }}"
