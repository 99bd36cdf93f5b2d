"""`authwatch completion bash | zsh | fish`: made from the real parser, so that they cannot drift."""

from __future__ import annotations

import argparse

from monitor.cli.context import Context

EPILOG = """\
bash: authwatch completion bash > ~/.local/share/bash-completion/completions/authwatch
zsh:  authwatch completion zsh > ~/.zfunc/_authwatch
fish: authwatch completion fish > ~/.config/fish/completions/authwatch.fish
"""


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    parser.epilog = EPILOG
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell to complete for")


def run(given: argparse.Namespace, context: Context) -> int:
    """Prints the completion script."""
    import shtab

    from monitor.cli.app import whole

    context.say(shtab.complete(whole(), shell=given.shell))
    return 0
