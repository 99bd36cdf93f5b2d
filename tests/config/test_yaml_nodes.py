"""YAML that guesses nothing and is bounded."""

import re
import time
from typing import Any

import pytest
import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

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


def test_an_alias_stands_where_its_anchor_was_written() -> None:
    node = compose("a: &x [1,\n  2]\nb:\n  c: *x\n  <<: {d: 3}\n", ErrorReport("c"))
    assert isinstance(node, MappingNode)
    (_, anchored), (_, outer) = node.entries
    assert isinstance(outer, MappingNode)
    lines = {key.text: (key.line, value.line) for key, value in outer.entries}
    assert lines == {"c": (4, 1), "d": (5, 5)}
    assert outer.entries[1][1] is anchored


#: What YAML users know: the text, and what it means.
ALIASES = [
    ("a: &x 1\nb: *x", {"a": "1", "b": "1"}),
    ("a: &x [1, 2]\nb: [*x, *x]", {"a": ["1", "2"], "b": [["1", "2"]] * 2}),
    ("a: &x 1\nb: &x 2\nc: *x", {"a": "1", "b": "2", "c": "2"}),
    ("&k a: &v 1\nb: {*k : *v}", {"a": "1", "b": {"a": "1"}}),
    ("a: &x\nb: *x", {"a": "", "b": ""}),
    ("a: &x {k: 1, l: 2}\nb: {<<: *x}", {"a": {"k": "1", "l": "2"}, "b": {"k": "1", "l": "2"}}),
    ("a: &x {k: 1}\nb: {<<: *x, k: 2}", {"a": {"k": "1"}, "b": {"k": "2"}}),
    ("a: &x {k: 1}\nb: {k: 2, <<: *x}", {"a": {"k": "1"}, "b": {"k": "2"}}),
    ("a: &x {k: 1}\nb: {<<: *x, k: }", {"a": {"k": "1"}, "b": {"k": ""}}),
    ("a: {<<: [{k: 1}, {k: 2, l: 3}], m: 4}", {"a": {"k": "1", "l": "3", "m": "4"}}),
    (
        "a: &x {k: 1}\nb: &y {<<: *x, l: 2}\nc: {<<: *y}",
        {"a": {"k": "1"}, "b": {"k": "1", "l": "2"}, "c": {"k": "1", "l": "2"}},
    ),
    ("a: {<<: {k: 1}}", {"a": {"k": "1"}}),
    ("a: {<<: []}", {"a": {}}),
    ('a: {"<<": 1}', {"a": {"<<": "1"}}),
    ("a: [&x {k: 1}, {<<: *x, k: 2}, *x]", {"a": [{"k": "1"}, {"k": "2"}, {"k": "1"}]}),
]


@pytest.mark.parametrize(("text", "meant"), ALIASES, ids=[text for text, _ in ALIASES])
def test_anchors_aliases_and_merge_keys_mean_what_they_do_elsewhere(text: str, meant: Any) -> None:
    assert _compose(text) == meant
    if text.count("&x") < 2:  # PyYAML refuses an anchor that is given anew, which YAML allows
        assert yaml.load(text, _Texts) == meant


class _Texts(yaml.SafeLoader):
    """PyYAML that guesses nothing but the merge key."""


_Texts.yaml_implicit_resolvers = {}
_Texts.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile("^<<$"), ["<"])

_NAMES = st.sampled_from("abc")


def _written(depth: int) -> st.SearchStrategy[str]:
    """YAML in flow style with anchors, aliases and merges, most of which are right."""
    leaf = st.sampled_from(["1", "x", "''"]) | _NAMES.map("*{} ".format)
    if not depth:
        return leaf
    inner = _written(depth - 1)
    items = st.lists(inner, max_size=3).map(lambda found: f"[{', '.join(found)}]")
    entry = st.tuples(st.sampled_from(["k", "l", "m", "<<", "<<"]), inner).map(": ".join)
    entries = st.lists(entry, max_size=3, unique_by=lambda found: found[:1]).map(
        lambda found: f"{{{', '.join(found)}}}"
    )
    return leaf | st.builds("&{} {}".format, _NAMES, items | entries) | items | entries


@settings(max_examples=400, deadline=None)
@given(parts=st.lists(_written(3), min_size=1, max_size=4))
def test_whatever_is_accepted_means_what_another_reader_makes_of_it(parts: list[str]) -> None:
    text = "".join(f"- {part}\n" for part in parts)
    try:
        found = _compose(text)
    except ConfigError:
        event("refused")
        return
    try:
        meant = yaml.load(text, _Texts)
    except yaml.YAMLError:  # an anchor that is given anew
        event("refused by PyYAML only")
        return
    event("accepted")
    assert found == meant


def _laughs(of: str, levels: int, each: int) -> str:
    """Each line holds the line before it several times."""
    lines = [f"a0: &a0 {of}"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * each)}]" for n in range(1, levels + 1)]
    return "\n".join(lines)


BOMBS = [
    (_laughs("lol", 9, 9), "c:6: more than 20000 entries"),
    (_laughs("{k: v}", 9, 9), "c:5: more than 20000 entries"),
    (_laughs("lol", 13, 1), "c:13: nested deeper than 12 levels"),
    (f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 20)}]", "c:2: more than 20000 entries"),
    ("a: &a {k: 1}\n" + "\n".join(f"b{n}: {{<<: [{', '.join(['*a'] * 100)}]}}" for n in range(200)), "c:67: more than"),
    ("a: &a [*a]", "c:1: this alias (*) is inside its own anchor"),
    ("a: &a {<<: *a}", "c:1: this alias (*) is inside its own anchor"),
    ("a: &a\n  b: &b\n    c: [*a]", "c:3: this alias (*) is inside its own anchor"),
    ("a: &a 1\nb: &a [*a]", "c:2: this alias (*) is inside its own anchor"),
]


@pytest.mark.parametrize(("text", "problem"), BOMBS, ids=[text[:30] for text, _ in BOMBS])
def test_aliases_make_no_large_file_of_a_small_one(text: str, problem: str) -> None:
    began = time.process_time()
    with pytest.raises(ConfigError) as error:
        _compose(text)
    assert str(error.value).startswith(problem)
    assert time.process_time() - began < 2


REFUSED = [
    ("a: *x", "c:1: this alias (*) has no anchor (&) before it"),
    ("a: {<<: 1}", "c:1: a: expected a mapping after <<, or a list of mappings, such as <<: *defaults"),
    ("a: {<<: [{}, x]}", "c:1: a: expected a mapping after <<"),
    ("a: &x {}\nb:\n  <<: *x\n  <<: *x", "c:4: b: given twice, first on line 3; write <<: [*a, *b]"),
    ("a: &x {k: 1, k: 2}\nb: {<<: *x}", "c:1: a.k: given twice, first on line 1; keep one"),
    ("a: !!python/object:os.system x", "c:1: tags (!) are not supported"),
    ("a: !x y", "c:1: tags (!) are not supported"),
    ("a: 1\n---\nb: 2", "c:2: only one YAML document is allowed"),
    ("a:\n\tb: 1", "c:2:1: not valid YAML: this line is indented with a tab; use spaces"),
    ("a: [1", "c:1:6: not valid YAML: a bracket is not closed"),
    ("a: [", "c:1:5: not valid YAML: a value or a closing bracket is missing"),
    ("a: {b: [1}", "c:1:10: not valid YAML: a bracket is not closed"),
    ("a: 1\n b: 2", "c:2:3: not valid YAML: ': ' is not allowed here"),
    ("a: b: c", "c:1:5: not valid YAML: ': ' is not allowed here"),
    ("a: 1\nb\nc: 2", "c:3:1: not valid YAML: a ':' is missing"),
    ("a: 'b", "c:1:6: not valid YAML: a quote is not closed"),
    ("a: @b", "c:1:4: not valid YAML: quote a text that begins with @"),
    ("a:\n  b: 1\n c: 2", "c:3:2: not valid YAML: check the indentation"),
    ('a: "\\q"', "c:1:6: not valid YAML: no such escape in double quotes"),
    ("a: \x07", "c:1:4: not valid YAML: this character is not allowed"),
    ("x: 1\na: 'b\\nc' \x01", "c:2:11: not valid YAML: this character is not allowed"),
    ('a: "\\x01"', "c:1: a: control characters are not allowed"),
    ('a: "\\uD800"', "c:1: a: control characters are not allowed"),
    ('a: "\\UFFFFFFFF"', "c: not valid YAML: an escape"),
    ("a: 1\na: 2\na: 3", "c:2: a: given twice, first on line 1; keep one\nc:3: a: given twice"),
    ("[a]: b", "c:1: expected a name as the key"),
    ("a: " + "[" * 13 + "]" * 13, "c:1: nested deeper than 12 levels"),
    ("[" * 100_000, "c:1: nested deeper than 12 levels"),
    ("- a\n" * 20_001, "c:20000: more than 20000 entries"),
    ("#" * (MAX_BYTES + 1), "c: larger than 256 KiB"),
]


@pytest.mark.parametrize(("text", "problem"), REFUSED, ids=[text[:30] for text, _ in REFUSED])
def test_what_is_not_plain_yaml_is_refused_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        _compose(text)
    assert str(error.value).startswith(problem)
