"""YAML as the configs of watched programs have it: texts, lists and mappings, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monitor.model import Problem
from monitor.system.host import Unreadable


def mapping(text: str, path: Path, of: str) -> Mapping[str, Any]:
    """What a file says, which must be a mapping `of` something. Raises `Unreadable`, with a line and never its text.

    PyYAML is imported only where such a file is: with 19 ms of CPU it costs twice what a bare interpreter does.
    """
    import yaml

    class Loader(yaml.BaseLoader):
        """Guesses no types, and refuses anchors and aliases, by which a short file says something endless."""

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            event = self.peek_event()  # type: ignore[no-untyped-call]
            if getattr(event, "anchor", None):
                raise yaml.MarkedYAMLError(problem_mark=event.start_mark)
            return super().compose_node(parent, index)

    try:
        found = yaml.load(text, Loader)  # noqa: S506  makes texts, lists and mappings, nothing else
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(Problem.PARSE, path, f"not YAML: line {mark.line + 1}" if mark else "not YAML") from None
    except RecursionError:
        raise Unreadable(Problem.PARSE, path, "nested too deeply") from None
    except (yaml.YAMLError, ValueError, OverflowError):  # characters that YAML, Python or no encoding has
        raise Unreadable(Problem.PARSE, path, "not YAML") from None
    if not isinstance(found, Mapping | None):
        raise Unreadable(Problem.PARSE, path, f"not a mapping of {of}")
    return found or {}
