"""Finding and loading the config file; nothing of YAML is imported where there is none."""

from __future__ import annotations

from pathlib import Path

from monitor.config.config_file import named as named_by
from monitor.config.config_file import usual
from monitor.config.errors import ConfigError, ErrorReport
from monitor.config.settings import Settings
from monitor.system.host import Host, Unreadable
from monitor.system.owners import roots

__all__ = ["ConfigError", "load", "problems"]


def load(host: Host, explicit: Path | None = None, kept: str | None = None) -> Settings:
    """The settings of the config file, or the defaults where there is none.

    A file that was named (`explicit`, $AUTHWATCH_CONFIG) has to exist. `ConfigError` carries every problem found;
    a secret that cannot be had now is none of them, see `problems`. `kept` is read instead of the file's text: what
    it said before it became wrong.
    """
    named = explicit if explicit is not None else named_by(host.env, host.home)
    host = host if named is None else host.named(named)
    for path in (named.absolute(),) if named is not None else usual(host.env, host.home):
        text = _text(host, path, kept)
        if text is not None:
            return _parse(host, path, text)
    if named is not None:
        raise ConfigError([ErrorReport(str(named.absolute())).line(0, "", "no such file")])
    return Settings()


def problems(settings: Settings) -> list[str]:
    """What is well formed but cannot work now (an unset variable, a missing secret file), as whole lines."""
    return list(settings.broken.values())


def _text(host: Host, path: Path, kept: str | None) -> str | None:
    try:
        host.note(path)
        return host.text(path) if kept is None else kept
    except Unreadable as error:
        raise ConfigError([ErrorReport(str(path)).line(0, "", f"cannot be read: {error.detail}")]) from None


def _parse(host: Host, path: Path, text: str) -> Settings:
    from monitor.config.build import build
    from monitor.config.schema import CONFIG
    from monitor.config.shapes import ReadContext, Values
    from monitor.config.yaml_nodes import compose

    report = ErrorReport(str(path))
    site = ReadContext(report, host, path.parent, _trusted(host, path))
    node = compose(text, report)
    values = CONFIG.read(node, "", site) if node is not None else None
    settings = build(values or Values({}, {}, 1, ""), site, path)
    report.check()
    return settings


def _trusted(host: Host, path: Path) -> bool:
    """Whether only we or root can have written the file: what it names may then be run."""
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_uid in (*roots(), host.uid) and not found.st_mode & 0o022
