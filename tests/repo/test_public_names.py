"""The flat list of public names is exact: nothing is missing, nothing is there that is not meant."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import haac_repo
import haac_repo._errors


def test_all_is_exact_and_sorted() -> None:
    public = {
        name
        for name, value in vars(haac_repo).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and (getattr(value, "__module__", "haac_repo")).startswith("haac_repo")
        and name != "TYPE_CHECKING"
    }
    assert set(haac_repo.__all__) == public | set(haac_repo._LAZY)
    assert len(set(haac_repo.__all__)) == len(haac_repo.__all__)


def test_every_name_can_be_had() -> None:
    for name in haac_repo.__all__:
        assert getattr(haac_repo, name) is not None


def test_every_error_is_public_and_in_the_tree_of_the_docstring() -> None:
    errors = {
        name
        for name, value in vars(haac_repo._errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert errors <= set(haac_repo.__all__)
    assert all(name in (haac_repo._errors.__doc__ or "") for name in errors)
    assert all(issubclass(getattr(haac_repo, name), haac_repo.HaacError) for name in errors)


def test_importing_loads_neither_pillow_nor_numpy_nor_the_network() -> None:
    code = (
        "import sys, haac_repo; print(sorted({'PIL', 'numpy', 'httpx', 'sqlite_utils'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
