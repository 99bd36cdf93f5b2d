"""Lays out a recorded case: placeholders become moments, tokens and certificates around a given now."""

import base64
import json
import os
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

_TOKEN = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_CLOCK = re.compile(r"(now|now_s|now_sf|now_iso|now_iso_ms|now_iso_off|now_iso_ns)([+-]\d+)?")

# A throw-away self-signed certificate. New dates break its signature on purpose: only the dates are read.
_CERTIFICATE = base64.b64decode(
    "MIIBeTCCASCgAwIBAgIBATAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFhdXRod2F0Y2gtZml4dHVy"
    "ZTAeFw0yNjExMjIxMTE1MzJaFw0yNzExMjIxMTE1MzJaMBwxGjAYBgNVBAMMEWF1dGh3YXRjaC1m"
    "aXh0dXJlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEdDyhHAvEiL7BJyJY3ucWpmhSasYxFpPY"
    "6urJvDCOdOk72mVsChayz6Hez7OSUJQv45ywiB2Knp+LNsVRFqUH06NTMFEwHQYDVR0OBBYEFAlo"
    "ZAziNUQIEyfmo0/UArfnkTgVMB8GA1UdIwQYMBaAFAloZAziNUQIEyfmo0/UArfnkTgVMA8GA1Ud"
    "EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgN016vpUT8hDbEjE0EpAL3FF35WCOv1acE2CK"
    "YMuVZKwCIB1Pco8wtAVGwsIUILSczp9VWRskXzZuHB5bLEIkqaJF"
)
_NOT_BEFORE, _NOT_AFTER = b"261122111532Z", b"271122111532Z"


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC)


def _iso(ms: int, fraction: str = "") -> str:
    return f"{_moment(ms):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _clock(kind: str, ms: int) -> str:
    fraction = f"{ms % 1000:03d}"
    return {
        "now": str(ms),
        "now_s": str(ms // 1000),
        "now_sf": f"{ms / 1000:.6f}",
        "now_iso": _iso(ms),
        "now_iso_ms": _iso(ms, f".{fraction}"),
        "now_iso_ns": _iso(ms, f".{fraction}000000"),
        "now_iso_off": _moment(ms).astimezone(timezone(timedelta(hours=2))).isoformat(),
    }[kind]


def _claim(value: str, now: int) -> Any:
    if re.fullmatch(r"[+-]\d+", value):
        return (now + int(value)) // 1000
    if re.fullmatch(r"f[+-]\d+", value):
        return (now + int(value[1:])) / 1000 + 0.25
    if re.fullmatch(r"s[+-]\d+", value):
        return str((now + int(value[1:])) // 1000)
    return value


def _jwt(words: str, now: int) -> str:
    claims = {key: _claim(value, now) for key, _, value in (word.partition("=") for word in words.split())}
    parts = (b'{"alg":"RS256","typ":"JWT"}', json.dumps(claims, separators=(",", ":")).encode())
    head, body = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    return f"{head}.{body}.FAKESECRETsignature"


def _x509(words: str, now: int) -> str:
    spans = dict(word.split("=", 1) for word in words.split())

    def utc(span: str) -> bytes:
        return f"{_moment(now + int(span)):%y%m%d%H%M%SZ}".encode()

    der = _CERTIFICATE.replace(_NOT_BEFORE, utc(spans["nb"])).replace(_NOT_AFTER, utc(spans["na"]))
    text = base64.b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----"])


def fill(text: str, now: int, home: str) -> str:
    """The text with its placeholders filled; an unknown one is a ValueError."""

    def one(found: re.Match[str]) -> str:
        kind, _, words = found.group(1).strip().partition(" ")
        if kind == "home":
            return home
        if kind in ("jwt", "x509"):
            return _jwt(words, now) if kind == "jwt" else _x509(words, now)
        if clock := _CLOCK.fullmatch(kind):
            return _clock(clock.group(1), now + int(clock.group(2) or 0))
        raise ValueError(f"unknown placeholder {found.group()!r}")

    return _TOKEN.sub(one, text)


def lay_out(files: Path, home: Path, now: int) -> None:
    """The files of a case, filled, below `home`, readable by their owner only."""
    home.mkdir(parents=True, exist_ok=True)
    for source in sorted(files.rglob("*")) if files.is_dir() else ():
        if source.is_file() and source.name != ".keep":
            target = home / source.relative_to(files)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(fill(source.read_bytes().decode(), now, str(home)).encode())
            target.chmod(0o600)


def render(case: Path, home: Path, now: int) -> dict[str, Any]:
    """Lays a case out; gives what is expected of it. `now` is in epoch milliseconds."""
    expected: dict[str, Any] = json.loads(fill((case / "expected.json").read_text(), now, str(home)))
    lay_out(case / "files", home, now)
    setup = expected.get("setup", {})
    for name in setup.get("dirs", ()):
        (home / name).mkdir(parents=True, exist_ok=True)
    for name, target in setup.get("symlinks", {}).items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).symlink_to(target)
    for name, mode in setup.get("modes", {}).items():
        (home / name).chmod(int(mode, 8))
    for name, age in setup.get("mtime_age_ms", {}).items():
        os.utime(home / name, ((now - age) / 1000,) * 2)
    return expected
