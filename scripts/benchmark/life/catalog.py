"""A repository of the elements, trimmed as `haac ingest` trims them, with its match index."""

from __future__ import annotations

from pathlib import Path

from haac_match._index.index import load
from haac_repo import Repository
from scripts.benchmark.life.elements import Elements
from scripts.lib.elements import new_element


def make(folder: Path, out: Path) -> Repository:
    """Every element once, under the name of its file.

    Raises:
        RepositoryError: there is something at `out` already.
    """
    elements = Elements(folder)
    with Repository.create(out) as repository, repository.writer() as writer:
        for name in elements.names:
            writer.add(new_element(elements.trimmed(name), name))
    repository = Repository.open(out)
    load(repository)
    print(f"{out}: {len(list(repository.elements()))} elements of {len(elements.names)} files")
    return repository


def numbers(repository: Repository, elements: Elements) -> dict[str, int]:
    """Name of each element -> its number; two files of the same pixels have one."""
    by_name = {element.name: element.number for element in repository.elements()}
    missing = [name for name in elements.names if name not in by_name]
    for name in missing:
        found = repository.by_pixels(new_element(elements.trimmed(name)).pixels_sha256)
        if found is not None:
            by_name[name] = found.number
    return by_name
