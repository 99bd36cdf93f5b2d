"""The exposition by hand: the Prometheus text format, and OpenMetrics made from it.

Importing prometheus_client costs 4.5 times what a bare interpreter does, more than all else that a check imports; tests
hold this to its parser.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from monitor.metrics.definitions import FAMILIES, Facts, Mask, labels, samples
from monitor.model import Judgement

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_INFOS: Final = tuple(name.encode() for name in FAMILIES if name.endswith("_info"))


def body(judgement: Judgement, facts: Facts, mask: Mask = str) -> str:
    """Every metric of a check in the text format; `mask` hides profile ids (`privacy: masked`)."""
    return b"".join(parts(judgement, facts, mask)).decode()


def parts(judgement: Judgement, facts: Facts, mask: Mask = str) -> list[bytearray]:
    """The same as UTF-8, a family each: many logins make a body that is better written than joined."""
    found = {
        name: bytearray(f"# HELP {name} {help_text}\n# TYPE {name} gauge\n".encode())
        for name, help_text in FAMILIES.items()
    }
    for name, its_labels, value in samples(judgement, facts, mask):
        found[name] += (f"{name}{{{its_labels}}} {value}\n" if its_labels else f"{name} {value}\n").encode(
            "utf-8", "replace"
        )
    return [*found.values()]


def openmetrics(text: bytes) -> bytes:
    """A text-format body of ours as OpenMetrics, still without its final `# EOF`.

    OpenMetrics has a type `info`, whose family goes without the suffix; all else is alike. Label values hold no
    bare line feed, so what begins a line here is ours.
    """
    text = b"\n" + text
    for name in _INFOS:
        family = name.removesuffix(b"_info")
        text = text.replace(b"\n# HELP %b " % name, b"\n# HELP %b " % family)
        text = text.replace(b"\n# TYPE %b gauge\n" % name, b"\n# TYPE %b info\n" % family)
    return text[1:]


SUCCESSES: Final = "authwatch_source_last_success_timestamp_seconds"


def last_successes(body: str, sources: Iterable[str]) -> dict[str, datetime | None]:
    """When all of each source was last read, as an earlier body says; None where it says nothing."""
    said = dict(line.rpartition(" ")[::2] for line in body.split("\n"))
    return {source: _moment(said.get(f"{SUCCESSES}{{{labels(source=source)}}}")) for source in sources}


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(text), UTC) if text else None
    except (ValueError, OverflowError, OSError):
        return None
