"""docs/trust.md is true: its commands run, top to bottom, in one folder."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from haac._cli.main import main
from haac_repo import show_keys, verify

PAGE = Path(__file__).resolve().parents[3] / "docs" / "trust.md"


def test_the_commands_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HAAC_REPO", raising=False)
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 15
    for line in lines:
        report = show_keys(Path("haac-repo"))
        given = line.replace("FINGERPRINT", report.fingerprint if report else "").replace("URL", "haac-repo")
        with pytest.raises(SystemExit) as ended:
            main(shlex.split(given)[1:])
        out, err = capsys.readouterr()
        assert ended.value.code == 0, f"{line}: {out}{err}"
        if line == "haac keys show":
            assert report is not None
            assert out.rstrip().endswith(report.fingerprint)
    with pytest.raises(SystemExit) as ended:
        main(["sync", "haac-repo", "mirror"])
    assert ended.value.code == 0
    assert verify("mirror").ok


def test_lifetimes_are_those_of_the_page() -> None:
    from haac_repo._trust.layout import LIFETIMES

    days = {"3 years": 3 * 365, "1 year": 365, "90 days": 90}
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|", PAGE.read_text("utf-8"), re.MULTILINE))
    assert {role: days[text] for role, text in rows.items()} == {
        role: lifetime.days for role, lifetime in LIFETIMES.items()
    }
