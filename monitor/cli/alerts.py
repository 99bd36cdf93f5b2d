"""`authwatch alerts`: active alerts, whether the channels work, what is muted, what notifications will come."""

from __future__ import annotations

import argparse
from importlib import import_module

from monitor.cli.context import Context, common

#: action: (module, one line of help)
ACTIONS = {
    "list": ("alerts_list", "active alerts, who was notified, what is silenced"),
    "test": ("alerts_test", "send a real test message"),
    "ack": ("alerts_mute", "acknowledge an alert: no reminders until it changes"),
    "silence": ("alerts_mute", "mute a login, or all that match, for a while"),
    "unsilence": ("alerts_mute", "end a silence"),
    "simulate": ("alerts_simulate", "preview the notifications of the coming days, if nothing changes"),
}

_KEY = "a key, or any unique end of one, such as anthropic:default"


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar=" | ".join(ACTIONS))
    known = {name: actions.add_parser(name, help=words, description=words) for name, (_, words) in ACTIONS.items()}
    for action in known.values():
        common(action)
    words = "one line for each alert that can be acknowledged: token, tab, summary; for a phone's widget"
    known["list"].add_argument("--tokens", action="store_true", help=words)
    known["test"].add_argument("channel", nargs="?", metavar="CHANNEL", help="only this channel")
    known["ack"].add_argument("key", nargs="?", metavar="KEY", help=_KEY)
    known["ack"].add_argument("--token", metavar="TOKEN", help="instead of KEY: what a notification's button sends")
    known["ack"].add_argument("--for", dest="span", metavar="2d", help="at most this long")
    match = f"{_KEY}; or labels, such as provider=anthropic,agent=main"
    known["silence"].add_argument("match", metavar="MATCH", help=match)
    known["silence"].add_argument("length", nargs="?", metavar="SPAN", help="how long, such as 4h or 2d")
    known["silence"].add_argument("--for", dest="span", metavar="4h", help="the same as SPAN")
    for name in ("ack", "silence"):
        known[name].add_argument("--note", default="", metavar="TEXT", help="why; shown in `authwatch alerts list`")
    known["unsilence"].add_argument("id", type=int, metavar="ID", help="its number in `authwatch alerts list`")
    known["simulate"].add_argument("--in", dest="span", default="27d", metavar="27d", help="how far ahead")


def run(given: argparse.Namespace, context: Context) -> int:
    """Does the action."""
    module = import_module(f"monitor.cli.{ACTIONS[given.action][0]}")
    return int(module.run(given, context))
