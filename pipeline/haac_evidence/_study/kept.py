"""What a run that was interrupted has measured, kept beside its result until that is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Kept:
    """Rows by key, in a file of one JSON line each.

    Args:
        path: of the file; None: nothing is kept.
        about: what the rows depend on: of another run, none is taken.
    """

    def __init__(self, path: Path | None, about: dict[str, Any]) -> None:
        self._path, self._rows = path, dict[str, Row]()
        mark = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
        if path is None:
            return
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        if lines and lines[0] == mark:
            for line in lines[1:]:
                try:
                    key, row = json.loads(line)
                except ValueError:  # the last one, cut short
                    break
                self._rows[key] = row
        whole = [mark, *(json.dumps(each) for each in self._rows.items())]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(whole) + "\n", "utf-8")

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, key: str, make: Callable[[], Row]) -> Row:
        """The row of a key: as it was kept, else made now."""
        if key not in self._rows:
            self._rows[key] = make()
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([key, self._rows[key]]) + "\n")
        return self._rows[key]
