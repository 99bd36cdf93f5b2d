"""Which of Wrangler's credentials serves."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.model import Evidence, Observation, Problem, SourceEntry
from monitor.sources import observe_all
from monitor.system.host import Host
from tests.sources.test_moved import look, put

LOGIN = 'oauth_token = "FAKESECRET"\nrefresh_token = "FAKESECRETr"\nexpiration_time = "2026-11-22T12:00:00.000Z"\n'
STORE = ".config/.wrangler/config/default.toml"
KEY = {"CLOUDFLARE_API_KEY": "FAKESECRETk", "CLOUDFLARE_EMAIL": "me@example.com"}
TOKEN = {"CLOUDFLARE_API_TOKEN": "FAKESECRETt"}


@pytest.mark.parametrize(
    ("env", "unused"),
    [
        ({}, set()),
        (TOKEN, {"wrangler:default"}),
        ({"CF_API_TOKEN": "FAKESECRETt"}, {"wrangler:default"}),
        ({**TOKEN, **KEY}, {"wrangler:default", "wrangler:token"}),
        ({"CLOUDFLARE_API_TOKEN": " "}, set()),
        ({"CLOUDFLARE_API_KEY": "FAKESECRETk"}, set()),
    ],
)
def test_keys_of_the_environment_serve_first(env: dict[str, str], unused: set[str], tmp_path: Path) -> None:
    put(tmp_path / STORE, LOGIN)
    put(tmp_path / ".config/.wrangler/config/client.toml", LOGIN)
    seen = look(tmp_path, "wrangler", env)
    used = {one.credential.profile: one.use.in_use for one in seen if one.evidence is Evidence.PRESENT}
    assert {name for name, used in used.items() if used is False} == unused
    assert used["wrangler:client"] is None


def test_beside_the_old_folder_the_new_one_is_not_looked_at(tmp_path: Path) -> None:
    put(tmp_path / STORE, LOGIN)
    put(tmp_path / ".wrangler/config/default.toml", LOGIN)
    used = {one.store: one.use.in_use for one in look(tmp_path, "wrangler")}
    assert used == {"~/.wrangler/config/default.toml": True, f"~/{STORE}": False}


SHAPES = [
    (LOGIN, Evidence.PRESENT, None, datetime(2026, 11, 22, 12, tzinfo=UTC)),
    ('oauth_token = "FAKESECRET"\nrefresh_token = "FAKESECRETr"\n', Evidence.PRESENT, None, None),
    ('oauth_token = "FAKESECRET"\n', Evidence.PRESENT, None, datetime(2000, 1, 1, tzinfo=UTC)),
    (
        'oauth_token = "FAKESECRET"\nexpiration_time = 2026-11-22T12:00:00Z\n',
        Evidence.PRESENT,
        None,
        datetime(2026, 11, 22, 12, tzinfo=UTC),
    ),
    ('oauth_token = ""\nrefresh_token = "FAKESECRETr"\n', Evidence.BLANKED, None, None),
    ('api_token = "FAKESECRET"\n', Evidence.UNUSABLE, None, None),
    ("", Evidence.ABSENT, Problem.EMPTY, None),
    ('oauth_token = "FAKESECRET', Evidence.PRESENT, Problem.PARSE, None),
]


@pytest.mark.parametrize(("text", "evidence", "problem", "ends"), SHAPES)
def test_a_shape_means_what_wrangler_means_by_it(
    text: str, evidence: Evidence, problem: Problem | None, ends: datetime | None, tmp_path: Path
) -> None:
    put(tmp_path / STORE, text)
    (seen,) = look(tmp_path, "wrangler")
    assert (seen.evidence, seen.problem, seen.access_expires_at) == (evidence, problem, ends)


def test_a_sealed_login_and_a_home_of_another_layout(tmp_path: Path) -> None:
    put(tmp_path / STORE.replace(".toml", ".enc"), "FAKESECRET")
    (seen,) = look(tmp_path, "wrangler")
    assert (seen.evidence, seen.problem) == (Evidence.HIDDEN, Problem.ENCRYPTED)
    put(tmp_path / "x/.wrangler/config/default.toml", LOGIN)
    found = observe_all(Host(tmp_path, {"XDG_CONFIG_HOME": str(tmp_path / "x")}), [SourceEntry("wrangler", "wrangler")])
    assert [one.store for one in found if isinstance(one, Observation)] == ["~/x/.wrangler/config/default.toml"]
