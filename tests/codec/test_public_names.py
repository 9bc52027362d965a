"""What `dir()` and `help()` show of the packages: all public names, also those that load later."""

from __future__ import annotations

import importlib
import pydoc
import subprocess
import sys

import pytest

import haac


@pytest.mark.parametrize("package", ["haac", "haac_repo", "haac_match", "haac_pipeline"])
def test_dir_shows_the_public_names(package: str) -> None:
    module = importlib.import_module(package)
    assert dir(module) == sorted(module.__all__)


def test_dir_loads_nothing() -> None:
    code = "import sys, haac; print('render' in dir(haac), sorted({'PIL', 'numpy'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "True []\n"


def test_help_shows_every_public_name_with_its_first_line() -> None:
    text = pydoc.plain(pydoc.render_doc(haac))
    for name in haac.__all__:
        assert name in text
    for value in (haac.render, haac.encode_wash, haac.wash, haac.ElementCache, haac.Scene):
        assert value.__doc__
        assert value.__doc__.splitlines()[0] in text
