"""One target fuzzed in this process, which libFuzzer ends: `python -m scripts.fuzz.worker TARGET CORPUS [LIBFUZZER'S OPTIONS]`."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

import atheris

from scripts.fuzz.mutate import mutated

if __name__ == "__main__":
    name, corpus, *options = sys.argv[1:]
    with atheris.instrument_imports(include=["haac", "haac_repo"]):
        from scripts.fuzz.seeds import seeds
        from scripts.fuzz.targets import SLOW, TARGETS, run

        target = TARGETS[name]
        Path(corpus).mkdir(parents=True, exist_ok=True)
        for n, data in enumerate(seeds(name)):
            Path(corpus, f"seed-{n}").write_bytes(data)
            assert run(target, data), "a seed is refused"  # and what loads late is loaded now

    def one_input(data: bytes) -> None:
        """A return value means something else to libFuzzer, and so does a busy machine: CPU seconds are counted here."""
        begun = time.process_time()
        run(target, data)
        assert time.process_time() - begun < SLOW

    def of_json(data: bytes, longest: int, seed: int) -> bytes:
        """Half of the time as libFuzzer would."""
        if seed % 2:
            return bytes(atheris.Mutate(data, longest))
        return mutated(data, random.Random(seed))[:longest]

    structured = {"custom_mutator": of_json} if name in ("head", "records") else {}
    atheris.Setup([sys.argv[0], *options, corpus], one_input, **structured)
    atheris.Fuzz()
