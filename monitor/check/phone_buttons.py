"""What the buttons of a phone's notification run: shell text that holds a token, and no name of anything."""

from __future__ import annotations

from shlex import quote
from typing import Final

from alerts.formats import PhoneNote
from alerts.model import Alert, Level
from monitor.system.host import Host

#: The shortcut that `authwatch install termux` puts there; opened in a session of its own.
WIDGET: Final = ".shortcuts/authwatch-relogin"


def token_of(host: Host, alert: Alert) -> str:
    """What a button sends to acknowledge an alert: it names this very one, and nothing later at the same key."""
    return host.fingerprint(f"acknowledge {alert.key} {alert.at.isoformat()}")


def pin_of(host: Host, alert: Alert, caller: str) -> PhoneNote:
    """Where an alert is shown on the phone, and its buttons.

    `caller` is a shell line that starts authwatch, to which words are added; without it there are no buttons. A button
    is run by `sh -c` in an environment of its own (termux-api's NotificationAPI).
    """
    place = host.fingerprint(f"notification {alert.key}")[:16]
    if not caller or alert.level is Level.FINE:
        return PhoneNote(f"authwatch-{place}")
    buttons = [("Acknowledge", f"{caller} alerts ack --token {token_of(host, alert)}")]
    widget = host.home / WIDGET
    if host.exists(widget):
        buttons.append(("Log in again", _opened(str(widget))))
    return PhoneNote(f"authwatch-{place}", tuple(buttons))


def _opened(script: str) -> str:
    """Opens a script in a terminal session, as Termux:Widget does when it is tapped."""
    path = "PATH=/data/data/com.termux/files/usr/bin"
    service = "-n com.termux/com.termux.app.TermuxService -a com.termux.service_execute"
    return f"{path} am startservice --user 0 {service} -d {quote(f'com.termux.file:{script}')}"
