"""Somebody at work, as a process of its own: `python -m tests.repo.check.busy writer|mirror FOLDER [ORIGIN]`.

It goes on until its standard input ends, and then prints how many rounds it made. An error is its traceback, and exit code 1.
"""

from __future__ import annotations

import select
import sys
from itertools import count
from pathlib import Path

import pytest

from haac_repo import Repository, publish, sync
from haac_repo._mirror.download import Patience
from tests.repo.elements import element_of, small_packs


def round_of_writer(repository: Repository, turn: int) -> None:
    """Add, tag, seal, withdraw, discard, publish."""
    with repository.writer(wait=60) as writer:
        first = writer.next_number
        for seed in range(4):
            writer.add(element_of(10 * turn + seed, name=f"name {turn} {seed}"))
            if seed % 2:
                writer.flush()
        writer.tag(first, add=[f"t{turn}"])
        if turn % 3 == 0:
            writer.seal()
        if turn % 4 == 1:
            writer.discard([first + 1])
        if turn % 5 == 2:
            writer.withdraw(first, "gone")
    if turn % 2:
        publish(repository, wait=60)


def round_of_mirror(folder: Path, origin: str) -> None:
    sync(origin, folder, patience=Patience(lock=60))


def main(role: str, folder: Path, origin: str = "") -> None:
    with pytest.MonkeyPatch.context() as patch:
        small_packs(patch, 3_000)
        for turn in count(1):
            if role == "writer":
                with Repository.open(folder) as repository:
                    round_of_writer(repository, turn)
            else:
                round_of_mirror(folder, origin)
            if turn == 1:
                print("at work", flush=True)
            if select.select([sys.stdin], [], [], 0)[0]:
                print(turn, flush=True)
                return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
