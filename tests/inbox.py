"""What a receiver of notifications keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Received:
    """One message as it came in: `body` is parsed JSON or text; `to` are the recipients of a mail."""

    kind: str
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    user: str | None = None
    subject: str = ""
    html: str = ""
    to: tuple[str, ...] = ()
    tls: bool = False


@dataclass
class Receiver:
    """A running server: where it listens and what it has received so far."""

    port: int
    received: list[Received] = field(default_factory=list)
    keep: Callable[[Received], None] = lambda received: None
    certificate: Path | None = None

    def take(self, received: Received) -> None:
        self.received.append(received)
        self.keep(received)

    def url(self, scheme: str, path: str = "", login: str = "") -> str:
        """An Apprise URL of this server."""
        return f"{scheme}://{f'{login}@' if login else ''}127.0.0.1:{self.port}/{path}"
