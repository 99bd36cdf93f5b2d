"""A JSON5 text keeps every byte but those of the value that is changed."""

from __future__ import annotations

import json
from typing import Any

import json5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.openclaw.write.json_edit import drop, put
from monitor.openclaw.write.replace_file import WriteRefused

CONFIG = """\
// my agents
{
  agents: { defaults: { model: 'anthropic/sonnet' } }, // the good one
  "auth": {
    profiles: {
      'anthropic:work': {provider: "anthropic", mode: "token"}, // mine
    },
    /* keep */ unknown: [1, 2, {a: 1,},],
  },
}
"""


def test_a_new_member_leaves_comments_order_and_unknown_keys() -> None:
    new = put(CONFIG, ("auth", "profiles", "anthropic:new"), {"provider": "anthropic", "mode": "token"})
    old_lines = CONFIG.splitlines()
    assert [line for line in new.splitlines() if line in old_lines] == old_lines
    assert list(json5.loads(new)["auth"]["profiles"]) == ["anthropic:work", "anthropic:new"]


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("", ("a",), '{"a": 1}\n'),
        ("{}", ("a", "b"), '{"a": {"b": 1}}'),
        ("{\n}\n", ("a",), '{\n  "a": 1\n}\n'),
        ('{"x":2}', ("a",), '{"x":2, "a": 1}'),
        ('{"x":2}', ("x",), '{"x":1}'),
        ('{\n  "x": 2 // two\n}\n', ("a",), '{\n  "x": 2, // two\n  "a": 1\n}\n'),
        ("{\n  x: 2, // two\n}\n", ("a",), '{\n  x: 2, // two\n  "a": 1,\n}\n'),
        ("{ // none\n}\n", ("a",), '{\n  "a": 1\n // none\n}\n'),
        ("{'it\\'s': 2}", ("it's",), "{'it\\'s': 1}"),
    ],
)
def test_a_value_is_put_where_people_would_write_it(text: str, path: tuple[str, ...], expected: str) -> None:
    assert put(text, path, 1) == expected


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ('{"a": 1, "b": 2}', ("a",), '{"b": 2}'),
        ('{"a": 1, "b": 2}', ("b",), '{"a": 1}'),
        ('{"a": 1}', ("a",), "{}"),
        ('{"a": {"b": 1}}', ("a", "b"), '{"a": {}}'),
        ('{"a": 1}', ("c",), '{"a": 1}'),
        ("{\n  a: 1,\n  b: 2,\n}", ("b",), "{\n  a: 1,\n  \n}"),
    ],
)
def test_a_member_goes_with_its_comma(text: str, path: tuple[str, ...], expected: str) -> None:
    assert drop(text, path) == expected


@pytest.mark.parametrize("text", ["[1]", '{"a": 1} x', '{"a": }', '{"a": 1', '{"a": 1, "a": 2}', "{" * 99, "{a 1}"])
def test_what_cannot_be_changed_safely_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(WriteRefused) as error:
        put(text, ("a", "b"), 1)
    assert text not in str(error.value)


def test_an_object_is_never_put_in_the_place_of_another_value() -> None:
    with pytest.raises(WriteRefused, match="expected an object at auth"):
        put('{"auth": 5}', ("auth", "profiles"), {})


KEYS = st.text(st.characters(codec="utf-8"), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4), KEYS, KEYS, VALUES, st.sampled_from([None, 2]))
def test_any_document_reads_back_as_if_the_value_had_been_set(
    document: dict[str, Any], outer: str, inner: str, value: Any, indent: int | None
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    if not isinstance(document.get(outer, {}), dict):
        return
    wanted = {**document, outer: {**document.get(outer, {}), inner: value}}
    new = put(text, (outer, inner), value)
    assert json.loads(new) == wanted
    del wanted[outer][inner]
    assert json.loads(drop(new, (outer, inner))) == wanted
