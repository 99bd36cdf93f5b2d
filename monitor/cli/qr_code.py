"""A QR code as text for a terminal; the only place that imports segno."""

from __future__ import annotations

from typing import Final

QUIET: Final = 4  # light modules around it, as the standard asks for
#: Black on white of the 256 colours, which no theme changes.
_PAINT: Final = "\033[38;5;16;48;5;231m"
_PLAIN: Final = "\033[0m"
#: Two modules above each other in one character, by (upper, lower), True being dark: drawn in black on white …
_DARK: Final = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
#: … and in whatever the terminal writes with, which is light more often than not.
_LIGHT: Final = {(not upper, not lower): drawn for (upper, lower), drawn in _DARK.items()}


def qr_code(text: str, *, columns: int, encoding: str, color: bool) -> list[str]:
    """The lines of a code that holds `text`; none where the terminal is too narrow or cannot write its characters.

    With `color` it is black on white whatever the terminal looks like. Without, its light parts are drawn, which is
    right on a dark terminal; on a light one it is inverted, which many cameras read as well.
    """
    from segno import DataOverflowError, make_qr

    try:
        "▀▄█".encode(encoding)
        rows = [[bool(one) for one in row] for row in make_qr(text, error="l").matrix_iter(border=QUIET)]
    except (DataOverflowError, UnicodeEncodeError, LookupError):
        return []
    if len(rows) > columns:
        return []
    rows += [[False] * len(rows)] * (len(rows) % 2)
    drawn = _DARK if color else _LIGHT
    lines = ("".join(drawn[pair] for pair in zip(*two, strict=True)) for two in zip(rows[::2], rows[1::2], strict=True))
    return [f"{_PAINT}{line}{_PLAIN}" if color else line for line in lines]
