"""The exposition by hand: the Prometheus text format, and OpenMetrics made from it.

prometheus_client would cost a pass more than everything else it imports; tests hold this to its parser.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from monitor.metrics.families import FAMILIES, Facts, Mask, samples
from monitor.model import Judgement

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_INFO: Final = "info\n"


def body(judgement: Judgement, facts: Facts, mask: Mask = str) -> str:
    """Every metric of a pass in the text format; `mask` hides profile ids (`privacy: masked`)."""
    lines: dict[str, list[str]] = {name: [] for name in FAMILIES}
    for name, labels, value in samples(judgement, facts, mask):
        lines[name].append(f"{name}{{{labels}}} {value}\n" if labels else f"{name} {value}\n")
    parts = []
    for name, help_text in FAMILIES.items():
        parts.append(f"# HELP {name} {help_text}\n# TYPE {name} gauge\n")
        parts += lines[name]
    return "".join(parts)


def openmetrics(text: str) -> str:
    """A text-format body of ours as OpenMetrics, still without its final `# EOF`."""
    return "".join(_typed(line) for line in _lines(text))


def _typed(line: str) -> str:
    """OpenMetrics has a type `info`, whose family goes without the suffix."""
    if not line.startswith("# "):
        return line
    mark, word, name, rest = line.split(" ", 3)
    if not name.endswith("_info"):
        return line
    return f"{mark} {word} {name.removesuffix('_info')} {rest if word == 'HELP' else _INFO}"


def _lines(text: str) -> Iterator[str]:
    # Not splitlines: label values may hold any of the other line ends of Unicode.
    return (f"{line}\n" for line in text.removesuffix("\n").split("\n"))
