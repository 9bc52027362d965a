"""What loads when: a local decode needs neither the code of mirrors nor that of verification."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from haac_repo import NewElement, Repository

PROGRAM = """
import json, sys
from haac._cli.main import _run
code = _run(sys.argv[1:])
print(json.dumps([code, sorted(sys.modules)]))
"""


@pytest.mark.parametrize("command", ["decompress", "preview"])
def test_a_local_decode_loads_no_mirror_code(
    repository: Repository, make_element: Callable[..., NewElement], command: str
) -> None:
    with repository.writer() as writer:
        writer.add(make_element(1))
    picture = repository.path.parent / "out.png"
    arguments = [command, "haac1:10x10;1.p2,1", "-o", str(picture), "--repo", str(repository.path)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True
    )
    code, loaded = json.loads(done.stdout.splitlines()[-1])
    assert (code, picture.is_file()) == (0, True), done.stderr
    assert "haac_repo._store.repository" in loaded
    assert not [
        name for name in loaded if name.startswith(("haac_repo._mirror", "haac_repo._check", "httpx"))
    ]


def test_verify_loads_when_it_is_first_asked_for(repository: Repository) -> None:
    program = (
        "import sys, haac_repo; from pathlib import Path; before = 'haac_repo._check.verify' in sys.modules;"
        f" report = haac_repo.verify(Path({str(repository.path)!r})); print(before, type(report) is haac_repo.VerifyReport)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


SIGNATURES = ("tuf", "securesystemslib", "cryptography")
ROUND = """
import json, sys
from pathlib import Path
from haac_repo import Pin, Repository, create_keys, publish, sync, verify
signed = sys.argv[1] == "signed"
with Repository.create("repository") as repository:
    if signed:
        create_keys(repository)
    publish(repository)
sync("repository", "mirror", pin=Pin() if signed else None)
verify("mirror")
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("kind", ["signed", "unsigned"])
def test_signatures_load_for_signed_repositories_only(tmp_path: Path, kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ROUND, kind], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert bool(loaded & set(SIGNATURES)) == (kind == "signed")
    program = ROUND.replace('Repository.create("repository")', "open('x', 'w')").split("with ")[0]
    program += "verify('mirror'); Repository.open('mirror').close(); print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program, kind], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert not {name.partition(".")[0] for name in json.loads(done.stdout)} & set(SIGNATURES)
