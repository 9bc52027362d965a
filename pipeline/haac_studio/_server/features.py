"""What can be done here, and why the rest cannot."""

from __future__ import annotations

from typing import Any

from haac_repo import Repository


def features(repository: Repository) -> dict[str, Any]:
    return {}
