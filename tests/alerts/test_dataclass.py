"""Records are what `dataclasses` would have made of the same class, without its import."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import dataclass as ours
from alerts.model import Condition, Login
from monitor.model import Credential, Kind, Observation, Use
from tests.command import ROOT


def shapes(made: ModuleType) -> tuple[type, type, type, type]:
    """The same classes with either decorator."""

    @made.dataclass(frozen=True, slots=True)
    class Point:
        x: int
        y: int = 2
        tags: list[str] = made.field(default_factory=list)
        hidden: str = made.field(default="h", repr=False)
        aside: str = made.field(default="a", compare=False)

        @property
        def sum(self) -> int:
            return self.x + self.y

    @made.dataclass(slots=True)
    class Open:
        a: int
        b: dict[str, int] = made.field(default_factory=dict, init=False)
        c: int = made.field(default=7, init=False)

        def __post_init__(self) -> None:
            self.b["a"] = self.a

    @made.dataclass(frozen=True, slots=True)
    class One:
        only: str = "one"

    @made.dataclass(frozen=True, slots=True)
    class Named:
        x: int

        def __repr__(self) -> str:
            return "mine"

    return Point, Open, One, Named


OURS, REAL = shapes(ours), shapes(dataclasses)
VALUES = st.one_of(st.none(), st.integers(), st.text(max_size=5), st.tuples(st.integers()))


@given(st.sampled_from(range(4)), st.lists(VALUES, max_size=5), st.dictionaries(st.sampled_from("xyabc"), VALUES))
def test_constructed_shown_compared_and_hashed_alike(which: int, args: list[Any], named: dict[str, Any]) -> None:
    found = []
    for made in (OURS[which], REAL[which]):
        try:
            one, other = made(*args, **named), made(*args, **named)
        except TypeError:
            found.append(None)
            continue
        assert one == other
        assert one != object()
        try:
            known = hash(one) == hash(other)
        except TypeError:
            known = None
        found.append((repr(one), known, dataclasses.astuple(one)))
    assert found[0] == found[1]


@given(st.integers(), st.integers())
def test_a_replaced_record_differs_in_that_field_alone(x: int, y: int) -> None:
    point = OURS[0](x, y, ["a"])
    for replace in (ours.replace, dataclasses.replace):
        assert replace(point, y=0) == OURS[0](x, 0, ["a"])
        assert (replace(point) == point, replace(point) is point) == (True, False)
        with pytest.raises(TypeError):
            replace(point, z=0)


def test_a_frozen_record_stays_as_it_is() -> None:
    point = OURS[0](1)
    for change in (lambda: setattr(point, "x", 2), lambda: delattr(point, "x"), lambda: setattr(point, "z", 2)):
        with pytest.raises(AttributeError):
            change()
    assert (point.x, point.sum) == (1, 3)


def test_records_of_two_classes_are_never_equal() -> None:
    assert OURS[2](1) != OURS[3](1)
    assert OURS[2]("a") == OURS[2]("a")


def test_the_standard_library_takes_them_for_its_own() -> None:
    seen = Observation(Credential("s", "-", "p", "p:x", Kind.OAUTH))
    assert dataclasses.is_dataclass(seen)
    assert [field.name for field in dataclasses.fields(Observation)] == list(ours.names(Observation))
    assert dataclasses.asdict(Login(fingerprint="f")) == {
        name: {"fingerprint": "f"}.get(name) for name in ours.names(Login)
    }
    assert dataclasses.replace(seen, store="~").store == "~"
    assert seen.use == Use()


def test_a_record_matches_by_name_and_knows_its_parameters_once_made() -> None:
    made = Condition("k", 1)  # type: ignore[arg-type]
    assert list(inspect.signature(Condition).parameters)[:2] == ["key", "level"]
    match made:
        case Condition(key="k"):
            return
    raise AssertionError("no match")


def test_every_record_of_ours_is_one() -> None:
    """The import of the real one comes back with a single forgotten line."""
    for path in (*(ROOT / "monitor").rglob("*.py"), *(ROOT / "alerts").rglob("*.py")):
        lines = path.read_text("utf-8").splitlines()
        assert not [one for one in lines if one.startswith(("from dataclasses", "import dataclasses"))], path


def test_a_look_loads_neither_dataclasses_nor_inspect() -> None:
    notified = "import sys, monitor.model, alerts.model; print({'dataclasses', 'inspect'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", notified], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_what_is_not_compared_makes_no_difference() -> None:
    """A field that is not compared makes no difference to equality."""
    for point in (OURS[0], REAL[0]):
        assert point(1, aside="b") == point(1, aside="c") != point(2, aside="b")
