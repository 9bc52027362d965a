"""What is published and signed by a repository, for the tests of its keys."""

from __future__ import annotations

from haac_repo import Repository, show_keys


def fingerprint(repository: Repository) -> str:
    report = show_keys(repository.path)
    assert report is not None
    return report.fingerprint


def versions(repository: Repository) -> dict[str, int]:
    report = show_keys(repository.path)
    assert report is not None
    return {role.name: role.version for role in report.roles}


def key_ids(repository: Repository, name: str) -> dict[str, bool]:
    report = show_keys(repository.path)
    assert report is not None
    return next(role.keys for role in report.roles if role.name == name)


def key_files(repository: Repository) -> list[str]:
    return sorted(file.name for file in (repository.path / "keys").iterdir())


def public_files(repository: Repository) -> dict[str, bytes]:
    root = repository.path / "public"
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
