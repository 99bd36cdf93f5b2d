"""What the shapes of a store mean that are not the everyday one: logged out, half there, refused, of another unit."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.model import Evidence, Kind, Observation, Problem
from tests.sources.test_moved import JSON, look, put

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
DATA = ".local/share/opencode/auth.json"
HOSTS = ".config/gh/hosts.yml"
ADC = ".config/gcloud/application_default_credentials.json"
SSO = ".aws/sso/cache/one.json"
MSAL = ".azure/msal_token_cache.json"

ZERO = ".zeroclaw/auth-profiles.json"
PICO = ".picoclaw/auth.json"

PRESENT, BLANKED, ABSENT, HIDDEN = Evidence.PRESENT, Evidence.BLANKED, Evidence.ABSENT, Evidence.HIDDEN

SHAPES: list[tuple[str, str, str, str, Evidence, Problem | None]] = [
    ("opencode", DATA, "{}", "opencode:default", ABSENT, None),
    ("opencode", DATA, '{"x": {"type": "later"}}', "opencode:default", ABSENT, None),
    (
        "opencode",
        DATA,
        '{"x": {"type": "oauth", "refresh": "", "access": "", "expires": 0}}',
        "opencode:x",
        BLANKED,
        None,
    ),
    ("opencode", DATA, '{"x": {"type": "oauth", "refresh": 1}}', "opencode:x", PRESENT, Problem.PARSE),
    ("opencode", DATA, '{"x": {"type": "api", "key": " "}}', "opencode:x", BLANKED, None),
    ("opencode", DATA, "[]", "opencode:default", PRESENT, Problem.PARSE),
    ("github-copilot", ".config/github-copilot/apps.json", "{}", "github-copilot:default", ABSENT, None),
    ("gh", HOSTS, "{}\n", "gh:default", ABSENT, Problem.EMPTY),
    ("gh", HOSTS, "github.com:\n    user: me\n", "gh:github.com/me", HIDDEN, Problem.KEYCHAIN),
    ("gh", HOSTS, "github.com:\n\tuser: me\n", "gh:default", PRESENT, Problem.PARSE),
    ("gh", HOSTS, "github.com: &x\n    user: me\n", "gh:default", PRESENT, Problem.PARSE),
    ("gh", HOSTS, "github.com: text\n", "gh:github.com", PRESENT, Problem.PARSE),
    ("qwen-code", ".qwen/oauth_creds.json", "{}", "qwen-code:oauth", ABSENT, None),
    ("qwen-code", ".qwen/oauth_creds.json", JSON, "qwen-code:oauth", PRESENT, None),
    ("kimi", ".kimi/credentials/a.json", '{"access_token": "", "refresh_token": ""}', "kimi:a", BLANKED, None),
    ("kimi", ".kimi/credentials/a.json", "{", "kimi:a", PRESENT, Problem.PARSE),
    ("hermes", ".hermes/auth.json", '{"version": 1, "providers": {}}', "hermes:default", ABSENT, None),
    ("gcloud", ADC, '{"type": "authorized_user", "refresh_token": ""}', "gcloud:adc", BLANKED, None),
    ("gcloud", ADC, '{"type": "external_account"}', "gcloud:adc", HIDDEN, None),
    ("gcloud", ADC, '{"type": "other"}', "gcloud:adc", PRESENT, Problem.PARSE),
    ("gcloud", ADC, "{}", "gcloud:adc", ABSENT, None),
    ("aws", SSO, '{"clientId": "c", "expiresAt": "2026-01-01T00:00:00Z"}', "aws:default", ABSENT, Problem.EMPTY),
    ("aws", SSO, '{"accessToken": ', "aws:default", PRESENT, Problem.PARSE),
    ("aws", ".aws/credentials", "[x]\nregion = y\n", "aws:default", ABSENT, Problem.EMPTY),
    ("aws", ".aws/credentials", "[x]\naws_access_key_id =\n", "aws:x", BLANKED, None),
    ("aws", ".aws/credentials", "aws_access_key_id = FAKESECRET\n", "aws:default", PRESENT, Problem.PARSE),
    ("azure", MSAL, '{"Account": {}, "RefreshToken": {}}', "azure:default", ABSENT, None),
    ("azure", MSAL, '{"Account": {"a": {"home_account_id": "h", "username": "me"}}}', "azure:me", ABSENT, None),
    ("huggingface", ".cache/huggingface/token", "", "huggingface:default", ABSENT, Problem.EMPTY),
    ("huggingface", ".cache/huggingface/stored_tokens", "[a]\nhf_token = hf_x\n", "huggingface:a", PRESENT, None),
    ("npm", ".npmrc", "registry=https://x/\n", "npm:default", ABSENT, Problem.EMPTY),
    ("npm", ".npmrc", "//x/:_authToken=${UNSET}\n", "npm:x", HIDDEN, None),
    ("npm", ".npmrc", '//x/y/:_authToken = "t"\n', "npm:x/y", PRESENT, None),
    ("npm", ".npmrc", "//x/:_authToken=\n", "npm:x", BLANKED, None),
    ("zeroclaw", ZERO, "{}", "zeroclaw:default", ABSENT, None),
    ("zeroclaw", ZERO, '{"profiles": []}', "zeroclaw:default", PRESENT, Problem.PARSE),
    ("zeroclaw", ZERO, '{"profiles": {"a:b": 1}}', "zeroclaw:a:b", PRESENT, Problem.PARSE),
    (
        "zeroclaw",
        ZERO,
        '{"profiles": {"a:b": {"kind": "token", "token": "enc2:FAKESECRET"}}}',
        "zeroclaw:a:b",
        HIDDEN,
        Problem.ENCRYPTED,
    ),
    ("picoclaw", PICO, '{"credentials": {}}', "picoclaw:default", ABSENT, None),
    ("picoclaw", PICO, '{"credentials": []}', "picoclaw:default", PRESENT, Problem.PARSE),
    ("picoclaw", PICO, '{"credentials": {"a": []}}', "picoclaw:a", PRESENT, Problem.PARSE),
    ("picoclaw", PICO, '{"credentials": {"a": {"access_token": ""}}}', "picoclaw:a", BLANKED, None),
]


@pytest.mark.parametrize(("kind", "store", "text", "profile", "evidence", "problem"), SHAPES)
def test_a_shape_means_what_its_program_means_by_it(
    kind: str, store: str, text: str, profile: str, evidence: Evidence, problem: Problem | None, tmp_path: Path
) -> None:
    put(tmp_path / store, text)
    (seen,) = look(tmp_path, kind)
    assert (seen.credential.profile, seen.evidence, seen.problem) == (profile, evidence, problem)


def test_a_single_sign_on_without_a_refresh_token_ends_with_its_access(tmp_path: Path) -> None:
    login = '"startUrl": "https://a", "accessToken": "FAKESECRET", "registrationExpiresAt": "2027-01-01T00:00:00Z"'
    put(tmp_path / SSO, f'{{{login}, "expiresAt": "2026-12-01T00:00:00UTC"}}')
    (seen,) = look(tmp_path, "aws")
    assert (seen.refreshable, seen.login_expires_at) == (False, None)
    assert seen.access_expires_at == datetime(2026, 12, 1, tzinfo=UTC)


def test_of_two_files_of_one_sign_on_the_later_counts(tmp_path: Path) -> None:
    for name, day in (("a", 1), ("b", 3), ("c", 2)):
        text = f'{{"startUrl": "https://a", "accessToken": "x", "expiresAt": "2026-12-0{day}T00:00:00Z"}}'
        put(tmp_path / f".aws/sso/cache/{name}.json", text)
    (seen,) = look(tmp_path, "aws")
    assert seen.access_expires_at == datetime(2026, 12, 3, tzinfo=UTC)


def test_a_session_that_was_fetched_anew_is_a_new_login(tmp_path: Path) -> None:
    prints = []
    for hour in (13, 14):
        keys = "aws_access_key_id=A\naws_secret_access_key=B\naws_session_token=C\n"
        put(tmp_path / ".aws/credentials", f"[s]\n{keys}aws_expiration=2026-11-22 {hour}:00:00\n")
        (seen,) = look(tmp_path, "aws")
        assert seen.credential.kind is Kind.SESSION
        assert seen.access_expires_at == datetime(2026, 11, 22, hour, tzinfo=UTC)
        prints.append(seen.fingerprint)
    assert prints[0] != prints[1]


def test_azure_takes_the_last_end_and_any_refresh_token_of_the_account(tmp_path: Path) -> None:
    token = '{"home_account_id": "h", "secret": "x", "expires_on": "%d"}'
    access = ", ".join(f'"{n}": {token % (SECONDS + n * 60)}' for n in (1, 3, 2))
    account = '{"a": {"home_account_id": "h", "username": "me"}, "b": {"home_account_id": "h", "username": "me"}}'
    put(tmp_path / MSAL, f'{{"Account": {account}, "AccessToken": {{{access}}}}}')
    (seen,) = look(tmp_path, "azure")
    assert (seen.access_expires_at, seen.refreshable) == (NOW + timedelta(minutes=3), False)


def test_azure_says_when_it_was_last_renewed(tmp_path: Path) -> None:
    token = f'{{"home_account_id": "h", "secret": "FAKESECRET", "last_modification_time": "{SECONDS}"}}'
    account = '{"a": {"home_account_id": "h", "username": "me"}}'
    put(tmp_path / MSAL, f'{{"Account": {account}, "RefreshToken": {{"r": {token}}}}}')
    (seen,) = look(tmp_path, "azure")
    assert "22 Nov 2026" in seen.notes[0]
    put(tmp_path / MSAL, f'{{"Account": {account}, "RefreshToken": {{"r": {token.replace(str(SECONDS), "soon")}}}}}')
    assert look(tmp_path, "azure")[0].notes == ()


def hermes(tmp_path: Path, entry: str) -> Observation:
    put(tmp_path / ".hermes/auth.json", f'{{"credential_pool": {{"p": [{{"id": "a", {entry}}}]}}}}')
    (seen,) = look(tmp_path, "hermes")
    assert seen.credential.profile == "hermes:p/a"
    return seen


def test_hermes_states_its_moments_in_several_units(tmp_path: Path) -> None:
    for stated in (f'"expires_at_ms": {SECONDS * 1000}', '"expires_at": "2026-11-22T14:00:00+02:00"'):
        assert hermes(tmp_path, f'"access_token": "x", {stated}').access_expires_at == NOW
    assert hermes(tmp_path, '"access_token": "x", "expires_at": "soon"').problem is Problem.PARSE


def test_what_hermes_found_dead_or_exhausted_is_passed_on(tmp_path: Path) -> None:
    dead = hermes(tmp_path, '"access_token": "x", "refresh_token": "y", "last_status": "dead"')
    assert (dead.evidence, dead.refreshable) == (Evidence.REFUSED, False)
    tired = hermes(tmp_path, f'"access_token": "x", "last_status": "exhausted", "last_error_reset_at": {SECONDS}')
    assert (tired.evidence, tired.use.unusable_until) == (Evidence.PRESENT, NOW)
    odd = hermes(tmp_path, '"access_token": "x", "last_status": "exhausted", "last_error_reset_at": "FAKESECRET"')
    assert odd.use.unusable_until is None


def test_an_encrypted_login_still_states_its_end(tmp_path: Path) -> None:
    login = '{"access_token": "enc2:FAKESECRET", "expires_at": "2026-11-22T12:00:00+00:00"}'
    put(tmp_path / ZERO, f'{{"profiles": {{"a:b": {login}}}}}')
    (seen,) = look(tmp_path, "zeroclaw")
    assert (seen.access_expires_at, seen.refreshable, seen.evidence) == (NOW, False, Evidence.HIDDEN)


def test_a_token_in_use_without_a_name_stands_beside_the_named_ones(tmp_path: Path) -> None:
    put(tmp_path / ".cache/huggingface/token", "hf_other\n")
    put(tmp_path / ".cache/huggingface/stored_tokens", "[a]\nhf_token = hf_x\n")
    used = {one.credential.profile: one.use.in_use for one in look(tmp_path, "huggingface")}
    assert used == {"huggingface:a": False, "huggingface:default": True}
    used = {one.credential.profile: one.use.in_use for one in look(tmp_path, "huggingface", {"HF_TOKEN": "hf_env"})}
    assert used == {"huggingface:env": True, "huggingface:a": False, "huggingface:default": False}
    both = {"HF_TOKEN": "hf_env", "HUGGING_FACE_HUB_TOKEN": "hf_old"}
    used = {one.credential.profile: one.use.in_use for one in look(tmp_path, "huggingface", both)}
    assert (used["huggingface:env"], used["huggingface:HUGGING_FACE_HUB_TOKEN"]) == (True, False)
    ci = look(tmp_path, "huggingface", {"HF_OIDC_RESOURCE": "x", "HF_TOKEN": "hf_env"})
    assert {one.use.in_use for one in ci} == {False}


def test_npm_reads_a_token_through_the_environment(tmp_path: Path) -> None:
    put(tmp_path / ".npmrc", "//x/:_authToken=${T}\n//x/:_password=older\n")
    prints = [look(tmp_path, "npm", {"T": token})[0].fingerprint for token in ("a", "b", "a")]
    assert prints[0] == prints[2] != prints[1]


def test_an_opaque_token_of_cursor_has_no_end(tmp_path: Path) -> None:
    (seen,) = look(tmp_path, "cursor", {"CURSOR_AUTH_TOKEN": "FAKESECRET"})
    assert (seen.access_expires_at, seen.from_file, seen.problem) == (None, False, None)
    assert "opaque" in seen.notes[0]
