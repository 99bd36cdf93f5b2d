"""The little of YAML that gh writes, and that whatever else is refused."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.sources.outline import outline
from monitor.system.host import Unreadable

_NAME = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}", fullmatch=True).filter(
    lambda n: isinstance(yaml.safe_load(n), str)
)
_TREE = st.recursive(_NAME, lambda inner: st.dictionaries(_NAME, inner, max_size=3), max_leaves=8)


@given(tree=st.dictionaries(_NAME, _TREE, max_size=4), indent=st.integers(2, 6))
def test_what_a_yaml_writer_writes_reads_back(tree: dict[str, object], indent: int) -> None:
    text = yaml.safe_dump(tree, indent=indent, default_flow_style=False, sort_keys=False)
    assert outline(text, Path("x")) == tree


_LINE = st.tuples(
    st.sampled_from(["", "  ", "    ", " ", "\t"]),
    st.sampled_from(["a", "b", "'c d'", '"e"', "#f", "g h"]),
    st.sampled_from([":", ": ", ":  "]),
    st.text(alphabet="xy:#-'\"{}[]&~. ", max_size=5),
).map("".join)


@given(text=st.lists(_LINE, max_size=4).map("\n".join))
@settings(max_examples=500)
def test_what_is_taken_means_the_same_in_yaml(text: str) -> None:
    try:
        taken = outline(text, Path("x"))
        meant = yaml.load(text, Loader=yaml.BaseLoader)
    except (Unreadable, yaml.YAMLError):
        return
    assert taken == _texts(meant)


def _texts(value: object) -> object:
    """YAML's nothings as an empty mapping, as gh means them."""
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    return {} if value in (None, "", "~", "null") else value


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "- a",
        "a: [b]",
        "a: &b c",
        "a: *b",
        "a: |\n  b",
        "a: !t b",
        "a: b\na: c",
        "a:\n\tb: c",
        "a: b\n  c: d",
        "? a",
    ],
)
def test_other_yaml_is_refused_by_its_line(text: str) -> None:
    with pytest.raises(Unreadable, match=r"line \d+"):
        outline(text, Path("x"))
