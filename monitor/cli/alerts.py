"""`authwatch alerts`: what stands and was told, whether the channels work, what not to hear about, what will come."""

from __future__ import annotations

import argparse
from importlib import import_module

from monitor.cli.context import Context, common

#: action: (module, one line of help)
ACTIONS = {
    "list": ("alerts_list", "what stands, who was told, what is silenced"),
    "test": ("alerts_test", "send a real test message"),
    "ack": ("alerts_mute", "I know: no reminders until it changes"),
    "silence": ("alerts_mute", "say nothing about what matches, for a while"),
    "unsilence": ("alerts_mute", "end a silence"),
    "simulate": ("alerts_simulate", "what would be said, when and to whom, if nothing changed"),
}


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar=" | ".join(ACTIONS))
    known = {name: actions.add_parser(name, help=words, description=words) for name, (_, words) in ACTIONS.items()}
    for action in known.values():
        common(action)
    words = "token, tab, summary of each that can be acknowledged, for a phone's widget"
    known["list"].add_argument("--tokens", action="store_true", help=words)
    known["test"].add_argument("channel", nargs="?", metavar="CHANNEL", help="only this channel")
    known["ack"].add_argument("key", nargs="?", metavar="KEY", help="as `authwatch alerts list` shows it")
    known["ack"].add_argument("--token", metavar="TOKEN", help="instead of KEY: what a button of a notification sends")
    known["ack"].add_argument("--for", dest="span", metavar="2d", help="at most this long")
    known["silence"].add_argument("match", metavar="MATCH", help="labels, like provider=anthropic,agent=main")
    known["silence"].add_argument("--for", dest="span", metavar="4h", required=True, help="how long")
    for name in ("ack", "silence"):
        known[name].add_argument("--note", default="", metavar="TEXT", help="why; shown beside it")
    known["unsilence"].add_argument("id", type=int, metavar="ID", help="its number in `authwatch alerts list`")
    known["simulate"].add_argument("--in", dest="span", default="27d", metavar="27d", help="how far to look ahead")


def run(given: argparse.Namespace, context: Context) -> int:
    """Does the action."""
    module = import_module(f"monitor.cli.{ACTIONS[given.action][0]}")
    return int(module.run(given, context))
