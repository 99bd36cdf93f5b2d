"""The settings in force, and how they are replaced while the daemon runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from monitor.config.settings import Settings
from monitor.serve.web_auth import CannotServe, listen_address
from monitor.system.host import Stamp, stamp


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings as one reading found them: `text` is the config file's (None: no file), `touches` all that was
    looked at for them, by path."""

    settings: Settings
    text: str | None = field(default=None, repr=False)
    touches: Mapping[str, Stamp] = field(default_factory=dict)


class LiveSettings:
    """The settings in force. A wrong config never replaces them: `good` is then False and `wrong` says why.

    `load` reads the config and raises CannotServe. Where it was wrong, checks are handed `kept`, the text that was
    right: they read the config themselves, and must not fall silent over a slip of the pen.
    """

    def __init__(self, load: Callable[[], Loaded]) -> None:
        self._load = load
        self._loaded = load()
        listen_address(self._loaded.settings.web)
        self._touches = self._loaded.touches
        self.good, self.wrong = True, ""

    @property
    def settings(self) -> Settings:
        return self._loaded.settings

    @property
    def kept(self) -> str | None:
        """The config text for checks while the file itself is wrong; None while it is right."""
        return None if self.good else self._loaded.text or ""

    def stale(self) -> bool:
        """Whether something that the settings were read from is not what it was."""
        return any(stamp(path) != seen for path, seen in self._touches.items())

    def reload(self) -> None:
        """Reads the config again; keeps the old settings where it is wrong."""
        # A file that is wrong is not read again until it changes.
        self._touches = {path: stamp(path) for path in self._touches}
        try:
            found = self._load()
            _may_follow(found.settings, self.settings)
        except CannotServe as why:
            self.good, self.wrong = False, str(why)
            return
        self._loaded, self._touches = found, found.touches
        self.good, self.wrong = True, ""


def _may_follow(new: Settings, old: Settings) -> None:
    """Raises CannotServe for what a running daemon cannot change."""
    if old.file and not new.file:
        raise CannotServe(f"{old.file}: file not found")
    for name, given, had in (("web.listen", new.web.listen, old.web.listen), ("state", new.state, old.state)):
        if given != had:
            raise CannotServe(
                f"{new.file or 'config.yaml'}: {name}: takes effect after a restart; restart authwatch serve"
            )
    listen_address(new.web._replace(listen=old.web.listen))
