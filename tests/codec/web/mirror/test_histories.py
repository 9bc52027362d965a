"""Repositories with random pasts (elements, names, takedowns, compacting): mirrors of every age know what Python knows."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from haac_repo import Repository, Server, compact, publish
from tests.codec.web.mirror.mirrors import js
from tests.repo.elements import element_of, small_packs
from tests.repo.mirror.conftest import Origin

STEP = """
const told = [];
for (const store of given.stores) {
  const repository = await Repository.open(given.url, { store: new FolderStore(store), pause });
  await repository.sync({ packs: true });
  const infos = [];
  for (let number = 1; number <= given.last; number += 1) infos.push(repository.info(number));
  const found = await hashes(await repository.elements(repository.numbers()));
  const held = [...await new FolderStore(store).held()].sort((one, other) => one - other);
  told.push({ infos, found, held, size: repository.size });
}
return told;
"""


@pytest.mark.parametrize("seed", range(3))
def test_mirrors_of_every_age(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_packs(monkeypatch, 2_000)
    rng = random.Random(seed)
    with Repository.create(tmp_path / "repository") as repository, Server(tmp_path / "repository") as server:
        for step in range(6):
            with repository.writer() as writer:
                for _ in range(rng.randint(1, 12)):
                    change(writer, repository, rng)
            if step % 3 == 2:
                compact(repository)
            publish(repository)
            elements = list(repository.elements(withdrawn=True))
            wanted: dict[str, Any] = {
                "found": {str(e.number): e.sha256 for e in elements if e.withdrawn is None},
                "held": [e.number for e in elements if e.withdrawn is None],
                "size": sum(e.withdrawn is None for e in elements),
            }
            # One that syncs each time, one that does now and then, and a new one.
            stores = ["always", *(["sometimes"] if step % 2 else []), f"new-{step}"]
            last = max((e.number for e in elements), default=0)
            told = js(STEP, url=server.url, last=last, stores=[str(tmp_path / store) for store in stores])
            for store, got in zip(stores, told, strict=True):
                infos = {info["number"]: info for info in got.pop("infos") if info}
                assert {n: info["withdrawn"] for n, info in infos.items()} == {
                    e.number: e.withdrawn for e in elements
                }
                # Of what was taken down before it was published, no name is told.
                names = {
                    n: (info["name"], info["tags"]) for n, info in infos.items() if info["withdrawn"] is None
                }
                assert names == {e.number: (e.name, list(e.tags)) for e in elements if e.withdrawn is None}
                assert got == wanted, (store, step)
    operations = {record["op"] for segment in Origin(tmp_path / "repository").records() for record in segment}
    assert operations == {"add", "tag", "withdraw", "repack"}


def change(writer: Any, repository: Repository, rng: random.Random) -> None:
    """An element more, another name, or a takedown."""
    live = [element.number for element in repository.elements() if element.withdrawn is None]
    kind = rng.random()
    if kind < 0.5 or len(live) < 3:
        writer.add(element_of(rng.randrange(10**6), name=f"e {rng.randrange(99)}", tags=("a",)))
    elif kind < 0.7:
        writer.tag(rng.choice(live), name=f"renamed {rng.randrange(99)}", add=[f"t{rng.randrange(5)}"])
    else:
        writer.withdraw(rng.choice(live), f"reason {rng.randrange(9)}", keep_bytes=rng.random() < 0.4)
