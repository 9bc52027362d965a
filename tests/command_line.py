"""The command line, run in this process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from haac._cli.main import _run

Run = Callable[..., tuple[int, str, str]]
"""Exit code, standard output and standard error of a command."""


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*args: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = _run([str(arg) for arg in args])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run
