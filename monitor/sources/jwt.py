"""What a JWT says about itself (RFC 7519); its signature is the business of whom it is shown to.

PyJWT, made for signatures, would be one more dependency and cost three bare interpreters to import.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from monitor.sources.timestamps import lifetime, moment


def claims(token: str) -> Mapping[str, Any]:
    """The claims of a compact JWT. ValueError, which never carries the token, for what is none."""
    parts = token.strip().split(".")
    if len(parts) != 3:
        raise ValueError("not the three parts of a JWT")
    body = parts[1].rstrip("=")
    try:
        found = json.loads(base64.b64decode(body + "=" * (-len(body) % 4), b"-_", validate=True))
    except (ValueError, RecursionError):
        raise ValueError("a JWT whose claims cannot be decoded") from None
    if not isinstance(found, dict):
        raise ValueError("a JWT whose claims are not an object")
    return found


def dates(token: str) -> tuple[datetime | None, timedelta | None]:
    """The end (`exp`) and the lifetime (from `iat`) that a JWT states, None where it does not. ValueError as above."""
    found = claims(token)
    try:
        expires = moment(found.get("exp"))
    except ValueError:
        raise ValueError("a JWT whose exp is no moment") from None
    try:
        issued = moment(found.get("iat"))
    except ValueError:
        issued = None
    return expires, lifetime(issued, expires)
