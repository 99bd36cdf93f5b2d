"""A stand-in for the command line: a pass that notes what its sandbox allows, the real daemon, the real installer."""

import json
import os
import resource
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.config.settings import Settings
from monitor.serve.daemon import serve
from monitor.setup.systemd import User, install, uninstall
from monitor.setup.units import Installation

HOME = Path(os.environ["HOME"])
STATE = HOME / '.local/state/auth $HOME %h "watch" \\n'


def main(launcher, *words):
    config, command, *options = words[1], *words[2:]
    if command == "check":
        return check(words)
    if command == "serve":
        settings = Settings(interval=timedelta(seconds=2))
        return serve(settings, place(), [launcher, "--config", config, "check"], os.environ, sys.stderr)
    user = User(HOME, os.environ, print)
    dry_run, force = "--dry-run" in options, "--force" in options
    if command == "uninstall":
        return uninstall(user, dry_run=dry_run, force=force)
    kind = "daemon" if "--daemon" in options else "timer"
    what = Installation((launcher, "--config", config), STATE, interval=timedelta(seconds=2))
    return install(user, what, kind, dry_run=dry_run, force=force)


def place():
    return Path(os.environ["STATE_DIRECTORY"])


def check(words):
    import sqlalchemy

    store = HOME / ".openclaw" / "auth.json"
    seen = {
        "argv": list(words),
        "path": os.environ["PATH"],
        "store": store.read_text(),
        "home_is_writable": writes(store) or writes(HOME / "x"),
        "system_is_writable": writes(Path("/etc/x")) or writes(Path("/usr/x")),
        "tmp": os.listdir("/tmp"),
        "sqlalchemy": sqlalchemy.__version__,
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "umask": os.umask(0o077),
    }
    print("what a pass prints")
    print("an error of a pass", file=sys.stderr)
    with (place() / "seen.jsonl").open("a") as file:
        file.write(json.dumps(seen) + "\n")
    record = {"at": datetime.now(UTC).isoformat(), "result": "findings", "exit_code": 1, "deliveries": {}}
    (place() / "pass.json").write_text(json.dumps(record))
    (place() / "checkpoint").touch()
    return 0 if "--exit-zero" in words else 1


def writes(path):
    try:
        with path.open("a"):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
