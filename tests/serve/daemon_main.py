"""Runs the real daemon for a test: `python -m tests.serve.daemon_main '{"state": …, "command": …}'`.

The file `config.json` in the state folder, where it is there, overrides what was given: a test's config file.
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

from monitor.check.outputs import StateFolders
from monitor.config.settings import AlertSettings, ChannelSettings, Secret, Settings, SourceEntry, WebSettings
from monitor.serve.daemon import serve
from monitor.serve.live_settings import Loaded
from monitor.serve.web_auth import CannotServe
from monitor.system.host import stamp


def settings(given):
    password = given.get("password")
    return Settings(
        interval=timedelta(seconds=given.get("interval", 300)),
        sources=(SourceEntry("openclaw", "openclaw"), SourceEntry("env", "env")),
        channels=tuple(
            ChannelSettings(label, Secret("ntfy://planted-secret")) for label in given.get("channels", ["phone"])
        ),
        alerts=AlertSettings(deadline=timedelta(seconds=given.get("deadline", 60))),
        web=WebSettings(given.get("listen", "127.0.0.1:0"), Secret(password) if password else None),
    )


def main(given):
    state = Path(given["state"])
    config = state / "config.json"

    def load():
        seen = stamp(config)
        text = config.read_text() if seen else None
        try:
            return Loaded(settings({**given, **json.loads(text or "{}")}), text, {str(config): seen})
        except ValueError:
            raise CannotServe("config.json:1: not JSON") from None

    def gate(argv):
        if (state / "broken-gate").exists():
            raise RuntimeError("planted-secret")
        closed = (state / "closed-gate").exists()
        if closed:
            (state / "checkpoint").touch()
        return closed

    command = ["sh", "-c", given["script"], "sh"]
    look_every = timedelta(seconds=given.get("look_every", 30))
    return serve(
        load, StateFolders(state, state), command, os.environ, sys.stdout, may_stop=gate, look_every=look_every
    )


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
