"""The published schema and the loader agree, because they are one table."""

import json
import re
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from monitor.config.schema import CONFIG, OPTIONS, SOURCE_KEYS, SourceShape, json_schema
from monitor.config.shapes import Either, Keyed, KeyTable, Listing, Scalar, Shape, TableKey
from monitor.config.show import effective
from monitor.sources import SOURCES
from tests.config.files import settings_of, wrong
from tests.config.test_load import WHOLE, WRONG

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

#: What only a look at more than one key, at the calendar or at the machine can tell.
BEYOND_A_SCHEMA = (
    "given twice", "got zero", "at most hourly", "not a valid date", "issued needs", "the same", "unknown time zone", "unknown source",
    "at most 65535", "expected sqlite", "is not set", "expected ${NAME}", "two sources",
)  # fmt: skip


class _Texts(yaml.SafeLoader):
    """How an editor reads a config by YAML 1.2: texts, but for true, false and null."""


_Texts.yaml_implicit_resolvers = {}
_Texts.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), "tf")
_Texts.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^(null|~|)$"), [*"n~", ""])


def _document(text: str) -> Any:
    return yaml.load(text, _Texts)


def test_the_schema_is_itself_sound_and_is_json() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_a_whole_config_checks() -> None:
    VALIDATOR.validate(_document(WHOLE))


@pytest.mark.parametrize(
    ("text", "problem"), [case for case in WRONG if not any(w in case[1] for w in BEYOND_A_SCHEMA)]
)
def test_what_the_loader_refuses_the_schema_refuses(text: str, problem: str) -> None:
    assert not VALIDATOR.is_valid(_document(text))


def test_every_option_of_every_source_has_a_shape() -> None:
    for row in SOURCES.values():
        assert set(row.options.values()) <= set(OPTIONS)
        assert set(row.needs) <= set(row.options) <= set(SOURCE_KEYS)


def test_the_effective_settings_are_a_config_themselves(tmp_path: Path) -> None:
    for text in ("", WHOLE):
        VALIDATOR.validate(effective(settings_of(tmp_path, text)))


def _texts(shape: Scalar) -> st.SearchStrategy[Any]:
    loose = st.text("0123456789abcdhmsw:./-_[] ", max_size=8)
    return st.from_regex(shape.pattern, fullmatch=True, alphabet=st.characters(max_codepoint=0x17F)) | loose


def _some(shape: Shape) -> st.SearchStrategy[Any]:
    """Documents that mostly fit a shape."""
    if isinstance(shape, TableKey):
        return _some(shape.shape)
    if isinstance(shape, KeyTable):
        fields = {name: _some(field) for name, field in shape.fields.items()}
        needed = {group[0]: fields[group[0]] for group in shape.need}
        grouped = {name for group in (*shape.need, *shape.clash) for name in group[1:]}
        sound = {name: field for name, field in fields.items() if name not in grouped | set(needed)}
        return st.fixed_dictionaries(needed, optional=sound) | st.fixed_dictionaries({}, optional=fields)
    if isinstance(shape, Listing):
        return st.lists(_some(shape.of), max_size=2)
    if isinstance(shape, Keyed):
        return st.dictionaries(st.from_regex(shape.key.pattern, fullmatch=True), _some(shape.of), max_size=2)
    if isinstance(shape, Either):
        return st.one_of([_some(part) for part in (shape.text, shape.items, shape.table) if part])
    if isinstance(shape, Scalar):
        return _texts(shape)
    if hasattr(shape, "among"):
        return st.sampled_from([*shape.among, "other"])
    if isinstance(shape, SourceShape):
        names = st.sampled_from([*SOURCES, "codex", "nothing"])
        keys = {"type": names, "id": st.sampled_from(["a", "b", "a/b"]), "home": st.just("/x"), "vars": st.just(["A"])}
        return names | st.fixed_dictionaries({}, optional=keys)
    return st.sampled_from(["json://x", "https://x", "", "sqlite:///x"])


def _written(document: Any) -> str:
    """The document as YAML whose scalars are all quoted texts."""
    return json.dumps(document, ensure_ascii=True)


@pytest.mark.parametrize("key", CONFIG.fields)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_loader_accepts_the_schema_accepts(key: str, data: st.DataObject) -> None:
    document = {key: data.draw(_some(CONFIG.fields[key]))}
    with TemporaryDirectory() as folder:
        accepted = not wrong(Path(folder), _written(document))
    event(f"accepted: {accepted}")
    if accepted:
        typed = json.loads(_written(document), object_hook=_booleans)
        assert VALIDATOR.is_valid(typed), list(VALIDATOR.iter_errors(typed))


def _booleans(table: dict[str, Any]) -> dict[str, Any]:
    return {name: value == "true" if name in ("watch", "oauth") else value for name, value in table.items()}


@settings(max_examples=30, deadline=None)
@given(day=st.dates(min_value=date(1, 1, 1)))
def test_every_day_of_the_calendar_is_accepted(day: date) -> None:
    with TemporaryDirectory() as folder:
        text = f"policy: {{rules: [{{match: {{}}, lifetime: 1d, issued: {day.isoformat()}}}]}}"
        assert settings_of(Path(folder), text).policy.rules[0].issued == day
