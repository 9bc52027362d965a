"""The commands about haac itself: help and version."""

from __future__ import annotations

import click

from haac_repo._internal import Console, command


def _commands(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    root = ctx.find_root()
    assert isinstance(root.command, click.Group)
    return [name for name in root.command.list_commands(root) if name.startswith(incomplete)]


@command("help", "This machine")
@click.argument("name", metavar="[COMMAND]", required=False, shell_complete=_commands)
def help_(console: Console, name: str | None) -> None:
    """Show the help of a command, or what commands there are."""
    above = click.get_current_context().parent
    assert above is not None
    root = above.command
    assert isinstance(root, click.Group)
    if name is None:
        text = above.get_help()
    else:
        found = root.resolve_command(above, [name])[1]
        assert found is not None  # or resolve_command raises
        with found.make_context(name, [], above, resilient_parsing=True) as context:
            text = context.get_help()
    console.data({"command": name, "help": text}, text)


@command("version", "This machine")
def version(console: Console) -> None:
    """Show the versions of haac and of what decides about its pixels."""
    import platform
    from importlib import metadata

    versions = {
        "haac": metadata.version("haac"),
        "python": platform.python_version(),
        "pillow": metadata.version("pillow"),
        "numpy": metadata.version("numpy"),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
    console.data(versions, [f"{name:<9} {text}" for name, text in versions.items()])
