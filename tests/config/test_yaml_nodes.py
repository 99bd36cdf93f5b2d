"""YAML that guesses nothing and is bounded."""

from typing import Any

import pytest

from monitor.config.errors import ConfigError, ErrorReport
from monitor.config.yaml_nodes import MAX_BYTES, Items, MappingNode, Node, Text, compose


def _plain(node: Node | None) -> Any:
    if isinstance(node, Items):
        return [_plain(item) for item in node.items]
    if isinstance(node, MappingNode):
        return {key.text: _plain(value) for key, value in node.entries}
    return node.text if node else None


def _compose(text: str) -> Any:
    report = ErrorReport("c")
    node = compose(text, report)
    report.check()
    return _plain(node)


def test_scalars_stay_texts() -> None:
    text = "a: 22:00\nb: no\nc: 07\nd: 2026-03-01\ne: 1e3\nf: 0x1F\ng: true\n"
    assert _compose(text) == {
        "a": "22:00",
        "b": "no",
        "c": "07",
        "d": "2026-03-01",
        "e": "1e3",
        "f": "0x1F",
        "g": "true",
    }


def test_lines_are_counted_from_one() -> None:
    node = compose("a: x\nb:\n  - y\n", ErrorReport("c"))
    assert isinstance(node, MappingNode)
    assert [(key.line, value.line) for key, value in node.entries] == [(1, 1), (2, 3)]


def test_only_an_unquoted_nothing_is_blank() -> None:
    node = compose("a:\nb: ~\nc: null\nd: ''\ne: 'null'\n", ErrorReport("c"))
    assert isinstance(node, MappingNode)
    assert [isinstance(value, Text) and value.blank for _, value in node.entries] == [True, True, True, False, False]


REFUSED = [
    ("a: &x 1\nb: 2", "c:1: -: anchors and aliases"),
    ("a: *x", "c:1: -: anchors and aliases"),
    ("a: !!python/object:os.system x", "c:1: -: tags"),
    ("a: !x y", "c:1: -: tags"),
    ("a: 1\n---\nb: 2", "c:2: -: a second document"),
    ("a:\n\tb: 1", "c:2: -: a tab indents this line"),
    ("a: [1", "c:1: -: not YAML at column"),
    ("a: 1\n b: 2", "c:2: -: not YAML at column"),
    ("a: \x07", "c:1: -: a character that YAML does not allow"),
    ("x: 1\na: 'b\\nc' \x01", "c:2: -: a character that YAML does not allow"),
    ('a: "\\x01"', "c:1: a: holds a control character"),
    ('a: "\\uD800"', "c:1: a: holds a control character"),
    ('a: "\\UFFFFFFFF"', "c:1: -: an escape or a directive"),
    ("a: 1\na: 2\na: 3", "c:2: a: given twice, first on line 1; keep one\nc:3: a: given twice"),
    ("[a]: b", "c:1: -: a list or mapping as a key"),
    ("a: " + "[" * 13 + "]" * 13, "c:1: -: nested deeper than 12"),
    ("[" * 100_000, "c:1: -: nested deeper than 12"),
    ("- a\n" * 20_001, "c:20000: -: nested deeper than 12 or longer than 20000 entries"),
    ("#" * (MAX_BYTES + 1), "c:1: -: more than 262144 characters"),
]


@pytest.mark.parametrize(("text", "problem"), REFUSED, ids=[text[:30] for text, _ in REFUSED])
def test_what_is_not_plain_yaml_is_refused_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        _compose(text)
    assert str(error.value).startswith(problem)
