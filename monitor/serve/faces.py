"""What people look at: the page with its style sheet and icon, and the calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final

from monitor.serve import left
from monitor.serve.bodies import Kept
from monitor.serve.current import Current
from monitor.serve.http import HTML, Answer, Environ

HERE: Final = Path(__file__).with_name("templates")
#: What documents that no pass of this version left may raise.
MALFORMED: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError)


class Faces:
    """Each is made anew when a pass left something else, the page with every minute too: it says "in 2 days"."""

    def __init__(self, current: Current, place: left.Place, clock: Callable[[], datetime]) -> None:
        self._current, self._place, self._clock = current, place, clock
        status, overview = place.state / left.STATUS, place.state / left.OVERVIEW
        success = place.gate / left.CHECKPOINT
        self._page = Kept(self._render, status, overview, success, also=self._minute)
        self._calendar = Kept(self._events, overview)

    def pages(self) -> dict[str, Callable[[Environ], Answer]]:
        """What is answered under which path."""
        return {
            "/": lambda _: Answer(HTTPStatus.OK, (self._page.get(),), HTML),
            "/page.css": lambda _: _file("page.css", "text/css; charset=utf-8"),
            "/icon.svg": lambda _: _file("icon.svg", "image/svg+xml"),
            "/calendar.ics": self._calendar_file,
        }

    def _minute(self) -> tuple[str, object]:
        return f"{self._clock():%Y%m%d%H%M}", self._current.settings

    def _render(self) -> bytes:
        from monitor.serve.page import Seen, render

        now, settings = self._clock(), self._current.settings
        success = left.last_success(self._place)
        late = success is not None and left.is_late(success, now, settings.interval)
        status = left.document(self._place.state / left.STATUS)
        overview = left.document(self._place.state / left.OVERVIEW)
        try:
            page = render(Seen(status, overview, success, late), settings.host, now)
        except MALFORMED:
            page = render(Seen({}, {}, None, False), settings.host, now)
        return page.encode("utf-8", "replace")

    def _calendar_file(self, environ: Environ) -> Answer:
        from monitor.serve.calendar import TYPE

        return Answer(HTTPStatus.OK, (self._calendar.get(),), TYPE)

    def _events(self) -> bytes:
        from monitor.serve.calendar import calendar

        host = self._current.settings.host
        try:
            text = calendar(left.document(self._place.state / left.OVERVIEW), host)
        except MALFORMED:
            text = calendar({}, host)
        return text.encode("utf-8", "replace")


def _file(name: str, kind: str) -> Answer:
    return Answer(HTTPStatus.OK, ((HERE / name).read_bytes(),), kind)
