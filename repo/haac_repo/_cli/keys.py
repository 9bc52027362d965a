"""The command `keys`: who signs what a repository publishes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from haac_repo._cli.console import Console, command, counted, group, repo_option

if TYPE_CHECKING:
    from haac_repo._trust.admin import KeysReport

F = TypeVar("F", bound=Callable[..., Any])
_ROLES = ("root", "targets", "snapshot", "timestamp")

keys = group(
    "keys",
    "Mirrors",
    """Show, make and change the keys that sign what a repository publishes.

    Four roles sign, as The Update Framework has them: `root` says which keys count, `targets` signs the published head, `snapshot` and
    `timestamp` that it is the newest. Their keys are files in the repository's folder `keys`. If HAAC_KEY_PASSPHRASE is set when
    a key is made, its file is encrypted, and the variable must be set to sign.
    """,
)


def _added(function: Callable[..., Any]) -> Callable[..., Any]:
    assert isinstance(function, click.Command)
    keys.add_command(function)
    return function


def _role_argument(function: F) -> F:
    return click.argument("role", type=click.Choice(_ROLES))(function)


def _root_keys_option(function: F) -> F:
    return click.option(
        "--root-keys",
        multiple=True,
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        help="Folder that has keys of the root which are kept off-line. May be given several times.",
    )(function)


@_added
@command("show", "Mirrors")
@repo_option
def show(console: Console, repo: Path) -> None:
    """Show roles, keys, versions and expiry, and the fingerprint that others need.

    Works in a mirror too. Keys that this folder has are marked with `*`.
    """
    from haac_repo import Repository, show_keys

    with Repository.open(repo):
        found = show_keys(repo)
    _print(console, repo, found)


@_added
@command("create", "Mirrors")
@repo_option
def create(console: Console, repo: Path) -> None:
    """Make keys for a repository that is not signed yet, and sign what it publishes.

    Mirrors that it has already must be told once whom to trust: their next `haac sync` says how.
    """
    from haac_repo import Repository, create_keys, show_keys

    with Repository.open(repo) as repository:
        create_keys(repository)
    _print(console, repo, show_keys(repo))
    console.note(f"The keys are in {repo / 'keys'}: keep a copy in a safe place.")


@_added
@command("rotate", "Mirrors")
@repo_option
@_role_argument
@_root_keys_option
def rotate(console: Console, repo: Path, role: str, root_keys: tuple[Path, ...]) -> None:
    """Replace the keys of ROLE by new ones, and sign with them what is published.

    For a key that was lost, or that somebody else may have. Mirrors follow by themselves: the root says so to them. The old files are
    deleted. A new key of the root goes into the first folder of --root-keys, if there is one.
    """
    from haac_repo import Repository, show_keys
    from haac_repo._trust.admin import rotate_keys

    with Repository.open(repo) as repository:
        rotate_keys(repository, role, root_keys=root_keys)
    _print(console, repo, show_keys(repo))


@_added
@command("add", "Mirrors")
@repo_option
@_role_argument
@_root_keys_option
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="Folder where the new key goes."
)
def add(console: Console, repo: Path, role: str, root_keys: tuple[Path, ...], folder: Path | None) -> None:
    """Add a key to ROLE, such as one for a second person. How many must sign stays: see `threshold`."""
    from haac_repo import Repository
    from haac_repo._trust.admin import add_key

    with Repository.open(repo) as repository:
        file = add_key(repository, role, folder=folder, root_keys=root_keys)
    console.data({"file": str(file)}, f"{repo}: a new key for {role} is in {file}")


@_added
@command("threshold", "Mirrors")
@repo_option
@_role_argument
@click.argument("number", type=click.IntRange(1))
@_root_keys_option
def threshold(console: Console, repo: Path, role: str, number: int, root_keys: tuple[Path, ...]) -> None:
    """Set how many keys of ROLE must sign.

    They must all be at hand whenever ROLE signs: those of the root by --root-keys, the others in the folder `keys`.
    """
    from haac_repo import Repository
    from haac_repo._trust.admin import set_threshold

    with Repository.open(repo) as repository:
        set_threshold(repository, role, number, root_keys=root_keys)
    console.data(
        {"role": role, "threshold": number},
        f"{repo}: {role} is signed by {counted(number, 'key')} from now on",
    )


@_added
@command("offline", "Mirrors")
@repo_option
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def offline(console: Console, repo: Path, folder: Path) -> None:
    """Move the root's keys to FOLDER, such as a medium that is kept in a drawer.

    Publishing does not need them. Changes of keys, and renewing the root, do: --root-keys FOLDER.
    """
    from haac_repo import Repository
    from haac_repo._trust.admin import take_root_offline

    with Repository.open(repo) as repository:
        files = take_root_offline(repository, folder)
    console.data(
        {"files": [str(file) for file in files]},
        f"Moved {counted(len(files), 'key')} of the root to {folder}: keep a second copy of it somewhere else",
    )


@_added
@command("renew", "Mirrors")
@repo_option
@_root_keys_option
def renew(console: Console, repo: Path, root_keys: tuple[Path, ...]) -> None:
    """Sign a new version of the root, which is valid for three years. (`haac publish` renews everything else.)"""
    from haac_repo import Repository
    from haac_repo._trust.admin import renew_root

    with Repository.open(repo) as repository:
        expires = renew_root(repository, root_keys=root_keys)
    console.data({"expires": expires.isoformat()}, f"{repo}: the root is valid until {expires:%Y-%m-%d}")


def _print(console: Console, repo: Path, found: KeysReport | None) -> None:
    if found is None:
        console.data(None, f"{repo} is not signed: `haac keys create` makes its keys")
        return
    lines = [f"{'role':<10} {'version':>7}  {'expires':<10}  keys"]
    for role in found.roles:
        until = f"{role.expires:%Y-%m-%d}" if role.expires else "-"
        ids = ", ".join(f"{key_id[:16]}{'*' if here else ''}" for key_id, here in role.keys.items())
        needed = f" ({role.threshold} of {len(role.keys)})" if len(role.keys) > 1 else ""
        lines.append(f"{role.name:<10} {role.version:>7}  {until:<10}  {ids}{needed}")
    lines.append(f"Fingerprint of the first root: {found.fingerprint}")
    value = {
        "fingerprint": found.fingerprint,
        "roles": [
            {
                "name": role.name,
                "version": role.version,
                "expires": role.expires.isoformat() if role.expires else None,
                "threshold": role.threshold,
                "keys": role.keys,
            }
            for role in found.roles
        ],
    }
    console.data(value, lines)
    console.note(f"Others make a mirror with: haac sync URL MIRROR --root {found.fingerprint}")
