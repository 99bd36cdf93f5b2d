"""Mail servers on the loopback that keep what arrives, plain or with STARTTLS and a login."""

from __future__ import annotations

import contextlib
import email
import email.policy
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.inbox import Received, Receiver


class _Mailbox:
    def __init__(self, there: Receiver, refuse: str) -> None:
        self.there, self.refuse = there, refuse

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refuse and self.refuse in address:
            return "550 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        plain, rich = parsed.get_body(("plain",)), parsed.get_body(("html",))
        self.there.take(
            Received(
                "smtp",
                headers={name: str(value) for name, value in parsed.items()},
                body=plain.get_content() if plain else "",
                html=rich.get_content() if rich else "",
                subject=str(parsed["Subject"]),
                to=tuple(envelope.rcpt_tos),
                tls=session.ssl is not None,
            )
        )
        return "250 OK"


def _login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"aw", b"pw")
    return AuthResult(success=good, handled=False)


@contextlib.contextmanager
def mail(port: int = 0, starttls: bool = False, refuse: str = "") -> Iterator[Receiver]:
    """An SMTP receiver; with `starttls` it wants TLS and the login aw / pw, and its `certificate` is a PEM file.

    Recipients that contain `refuse` are refused with 550.
    """
    there = Receiver(port or _free_port())
    with tempfile.TemporaryDirectory() as folder:
        extra: dict[str, Any] = {}
        if starttls:
            there.certificate, context = _certificate(Path(folder))
            extra = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": _login}
        controller = Controller(_Mailbox(there, refuse), hostname="127.0.0.1", port=there.port, **extra)
        controller.start()
        try:
            yield there
        finally:
            controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that is its own authority, two days long."""
    pem, key = folder / "localhost.pem", folder / "localhost.key"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout {key} -out {pem}"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, key)
    return pem, context
