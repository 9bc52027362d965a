"""The command `completion`: the script with which a shell completes what is typed after `haac`."""

from __future__ import annotations

import os
import re

import click

from haac_repo._internal import Console, command

COMPLETE = "_HAAC_COMPLETE"
"""The environment variable by which a shell's completion script asks."""


def escape_in_bash() -> None:
    """Make click escape values for bash, which puts them into the line as they are given: a tag may have spaces."""
    from click.shell_completion import BashComplete, CompletionItem, add_completion_class

    class Escaping(BashComplete):
        def format_completion(self, item: CompletionItem[str]) -> str:
            typed = os.environ.get("COMP_WORDS", "").rpartition("\n")[2]
            if item.type == "plain" and typed[:1] not in ("'", '"'):
                # Twice: click's script takes one backslash away as it reads this.
                item.value = re.sub(r"([^\w\-.,:/@%+=])", r"\\\\\1", item.value)
            return super().format_completion(item)

    add_completion_class(Escaping)


@command("completion", "This machine")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(console: Console, shell: str) -> None:
    """Print the script for completion with the Tab key.

    It completes commands, options, element ids, tags, models and files. Once, for all terminals that are opened from then on:

    \b
    bash  mkdir -p ~/.local/share/bash-completion/completions
          haac completion bash > ~/.local/share/bash-completion/completions/haac
    zsh   mkdir -p ~/.zfunc; haac completion zsh > ~/.zfunc/_haac
          (with  fpath+=~/.zfunc; autoload -Uz compinit; compinit  in ~/.zshrc)
    fish  haac completion fish > ~/.config/fish/completions/haac.fish

    For this terminal only:

    \b
    bash, zsh  eval "$(haac completion bash)"   (or zsh)
    fish       haac completion fish | source
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None  # all three come with click
    root = click.get_current_context().find_root().command
    script = made(root, {}, "haac", COMPLETE).source()
    console.data({"shell": shell, "script": script}, script.rstrip("\n"))
