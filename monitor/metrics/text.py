"""The exposition by hand: the Prometheus text format, and OpenMetrics made from it.

prometheus_client would cost a pass more than everything else it imports; tests hold this to its parser.
"""

from __future__ import annotations

from typing import Final

from monitor.metrics.families import FAMILIES, Facts, Mask, samples
from monitor.model import Judgement

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_INFOS: Final = tuple(name.encode() for name in FAMILIES if name.endswith("_info"))


def body(judgement: Judgement, facts: Facts, mask: Mask = str) -> str:
    """Every metric of a pass in the text format; `mask` hides profile ids (`privacy: masked`)."""
    return b"".join(parts(judgement, facts, mask)).decode()


def parts(judgement: Judgement, facts: Facts, mask: Mask = str) -> list[bytearray]:
    """The same as UTF-8, a family each: many logins make a body that is better written than joined."""
    found = {
        name: bytearray(f"# HELP {name} {help_text}\n# TYPE {name} gauge\n".encode())
        for name, help_text in FAMILIES.items()
    }
    for name, labels, value in samples(judgement, facts, mask):
        found[name] += (f"{name}{{{labels}}} {value}\n" if labels else f"{name} {value}\n").encode("utf-8", "replace")
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
