"""Whatever stands in the file: settings or a ConfigError, and never the secret."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.config.load import ConfigError, problems
from monitor.config.show import show
from tests.config.files import settings_of
from tests.config.test_load import WHOLE

SECRET = "FAKE~SECRET/4711"
ENV = {"NTFY_TOPIC": SECRET, "TZ": SECRET}


def _never_talks(text: str | bytes) -> None:
    with TemporaryDirectory() as folder:
        try:
            found = settings_of(Path(folder), text, ENV)
        except ConfigError as error:
            assert error.problems
            assert SECRET not in str(error)
            assert error.__cause__ is None
            return
        assert SECRET not in "\n".join(problems(found))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_give_settings_or_a_config_error(raw: bytes) -> None:
    _never_talks(raw)


_WORDS = "host url channels sources alerts quiet - { } [ ] ' \" &a *a !t | > ? , # % @ \\ ${ ${X} ~ << --- 22:00 1d é".split()
_PIECES = st.sampled_from(
    [*_WORDS, ": ", ":", "\n", "\n  ", "\n    ", "\t", "\u2028", "\x85", f"json://u:{SECRET}@h", SECRET]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_random_yaml_gives_settings_or_a_config_error(text: str) -> None:
    _never_talks(text)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.integers(0, len(WHOLE) - 1), cut=st.integers(0, 30), put=_PIECES)
def test_a_slip_in_a_good_config_gives_settings_or_a_config_error(at: int, cut: int, put: str) -> None:
    _never_talks(WHOLE[:at] + put + WHOLE[at + cut :])


def test_the_fuzz_can_fail(tmp_path: Path) -> None:
    """The planted secret does arrive where it should, so the looks for it above mean something."""
    found = settings_of(tmp_path, WHOLE, ENV)
    assert found.channels[0].url and SECRET in found.channels[0].url.reveal()
    assert SECRET not in show(found)


@pytest.mark.parametrize("text", ["a: [" * 5000, "? " * 5000, "- " * 5000, "{" * 5000, "&a [*a," * 1000])
def test_deep_or_winding_yaml_ends_soon(text: str) -> None:
    _never_talks(text)
