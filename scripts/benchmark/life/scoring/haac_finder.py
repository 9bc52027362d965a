"""haac's own way: a picture file compressed as `haac compress` does it."""

from __future__ import annotations

from pathlib import Path

from haac import Inline, Layer, Plate, from_binary
from haac_match import Options
from haac_pipeline._internal import Outputs, Task, compress_file
from haac_repo import Repository
from scripts.benchmark.life.page import Frame
from scripts.benchmark.life.scoring.score import Found


class HaacFinder:
    """Compresses files with one repository.

    Args:
        path: of the repository.
        effort: as of the command.
    """

    name = "haac"

    def __init__(self, path: Path, effort: int = 5) -> None:
        self._path = path
        self._options = Options(effort=effort, inline=True)  # as the command does if nothing is said
        with Repository.open(path) as repository:
            self._sizes = {
                element.number: (element.width, element.height) for element in repository.elements()
            }

    def find(self, file: Path) -> tuple[list[Found], int]:
        """Layers of the recipe but inline ones, and its bytes.

        Raises:
            RuntimeError: there is no recipe.
        """
        outputs = Outputs(Path("recipe.haac"))
        done = compress_file(Task(file.name, file.read_bytes(), outputs, self._options, self._path))
        if done.error:
            raise RuntimeError(done.error)
        data = done.files[outputs.recipe]
        scene = from_binary(data)
        found = [
            Found(layer.number, frame_of(layer, self._sizes[layer.number]))
            for layer in scene.layers
            if not isinstance(layer.element, Inline)
        ]
        if isinstance(scene.background, Plate) and isinstance(scene.background.element, int):
            found.append(Found(scene.background.element, Frame(0, 0, scene.width, scene.height)))
        return found, len(data)


def frame_of(layer: Layer, size: tuple[int, int]) -> Frame:
    """Frame of the whole element that a layer shows, even where it crops it.

    Args:
        size: width and height of the element.
    """
    width, height = layer.size(*size)
    upside_down = "v" in layer.flip
    rotation = -layer.rotation / 4 + (180 if upside_down else 0)
    mirrored = ("h" in layer.flip) != upside_down
    frame = Frame(layer.x, layer.y, width, height, rotation, mirrored)
    if layer.crop is None:
        return frame
    left, top, right, bottom = layer.crop
    # Seen from the part, the whole begins before 0 and ends after 1.
    wide, high = right - left, bottom - top
    return frame.inner((-left / wide, -top / high, (size[0] - left) / wide, (size[1] - top) / high))
