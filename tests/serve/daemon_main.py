"""Runs the real daemon for a test: `python -m tests.serve.daemon_main '{"state": …, "command": …}'`."""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

from monitor.config.settings import AlertSettings, ChannelSettings, Secret, Settings, SourceEntry, WebSettings
from monitor.serve.daemon import serve


def main(given):
    state = Path(given["state"])
    password = given.get("password")
    settings = Settings(
        interval=timedelta(seconds=given.get("interval", 300)),
        sources=(SourceEntry("openclaw", "openclaw"), SourceEntry("env", "env")),
        channels=(ChannelSettings("phone", Secret("ntfy://planted-secret")),),
        alerts=AlertSettings(deadline=timedelta(seconds=given.get("deadline", 60))),
        web=WebSettings(given.get("listen", "127.0.0.1:0"), Secret(password) if password else None),
    )

    def gate():
        if (state / "broken-gate").exists():
            raise RuntimeError("planted-secret")
        closed = (state / "closed-gate").exists()
        if closed:
            (state / "checkpoint").touch()
        return closed

    return serve(settings, state, given["command"], os.environ, sys.stdout, may_stop=gate)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
