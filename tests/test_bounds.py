"""Every dependency states its lowest version, in a form that scripts/check_bounds can install."""

from __future__ import annotations

import pytest

from scripts.check.bounds import pins, stated


def test_every_dependency_has_a_lowest_version() -> None:
    thin, all_ = pins(stated(ingest=False)), pins(stated(ingest=True))
    assert {pin.partition("==")[0] for pin in thin} == {
        *(
            "click",
            "cryptography",
            "h11",
            "httpx",
            "numpy",
            "pillow",
            "securesystemslib",
            "sqlite-utils",
            "tuf",
            "uvicorn",
        ),
    }
    assert len(all_) == len({pin.partition("==")[0] for pin in all_})
    assert any(pin.startswith("rembg[cpu]==") for pin in all_)


def test_bounds_are_read_without_what_stands_beside_them() -> None:
    marked = "faiss-cpu>=1.9; python_version < '3.15' or sys_platform != 'win32'"
    assert pins(["pillow>=10.4,<14", "numpy>=1.26", marked, "pillow>=12.1"]) == [
        "pillow==12.1",
        "numpy==1.26",
        "faiss-cpu==1.9",
    ]
    with pytest.raises(ValueError, match=r"'click' in pyproject\.toml states no lowest version"):
        pins(["click"])
