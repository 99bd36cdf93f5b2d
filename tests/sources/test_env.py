"""Keys in the environment: listed ones are expected, known ones are shown."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from monitor.model import Evidence, Kind, Observation, SourceEntry
from monitor.sources.env import observe
from monitor.system.host import Host


def _look(env: dict[str, str], **options: Any) -> list[Observation]:
    found = observe(Host(Path("/nowhere"), env), SourceEntry("env", "env", options))
    return [one for one in found if isinstance(one, Observation)]


def test_a_listed_variable_that_is_unset_or_blank_is_absent() -> None:
    seen = _look({"B_API_KEY": " ", "C_TOKEN": "x"}, vars=("A_API_KEY", "B_API_KEY", "C_TOKEN"))
    assert [(one.credential.profile, one.evidence) for one in seen] == [
        ("A_API_KEY", Evidence.ABSENT),
        ("B_API_KEY", Evidence.ABSENT),
        ("C_TOKEN", Evidence.PRESENT),
    ]
    assert [one.refreshable for one in seen] == [None, None, False]


def test_a_known_variable_is_shown_and_never_expected() -> None:
    assert _look({}) == []
    (seen,) = _look({"GROQ_API_KEY": "x", "HOME": "/x", "AWS_PROFILE": "p"})
    assert (seen.credential.provider, seen.from_file, seen.store) == ("groq", False, "$GROQ_API_KEY")


def test_the_provider_is_the_one_given_else_the_known_one_else_the_name_without_its_ending() -> None:
    assert [one.credential.provider for one in _look({}, vars={"GROQ_API_KEY": "mine"})] == ["mine"]
    names = ("GROQ_API_KEY", "ACME_CORP_API_KEY", "_KEY", "PLAIN")
    assert [one.credential.provider for one in _look({}, vars=names)] == ["groq", "acme-corp", "key", "plain"]


def test_a_setup_token_lives_a_year_whatever_its_variable_is_called_and_a_key_states_no_end() -> None:
    setup, key = "sk-ant-oat01-FAKESECRET", "sk-ant-api03-FAKESECRET"
    seen = _look(
        {"ANTHROPIC_API_KEY": setup, "ANTHROPIC_OAUTH_TOKEN": setup, "MINE": key},
        vars=("MINE", "ANTHROPIC_API_KEY", "ANTHROPIC_OAUTH_TOKEN"),
    )
    assert [(one.credential.kind, one.lifetime) for one in seen] == [
        (Kind.API_KEY, None),
        (Kind.TOKEN, timedelta(days=365)),
        (Kind.TOKEN, timedelta(days=365)),
    ]


def test_an_oauth_token_is_a_token_and_anything_else_a_key() -> None:
    seen = _look({"ANTHROPIC_OAUTH_TOKEN": "x", "ANTHROPIC_API_KEY": "y"})
    assert {one.credential.profile: one.credential.kind for one in seen} == {
        "ANTHROPIC_OAUTH_TOKEN": Kind.TOKEN,
        "ANTHROPIC_API_KEY": Kind.API_KEY,
    }
