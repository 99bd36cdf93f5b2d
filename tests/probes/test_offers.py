"""What sources offer to a check that asks: access tokens and keys, never a refresh token, and nothing unless it asks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from monitor.model import Credential, Kind, Observation, SourceEntry
from monitor.sources import SOURCES, observe_all
from monitor.system.host import Host
from monitor.system.key_offer import OfferedKeys
from tests.openclaw_home import openclaw
from tests.sources.homes import Home

REFRESH = re.compile(r'"?\w*refresh\w*"?\s*[:=]\s*"([^"\s]{8,})"', re.IGNORECASE)
OFFERS = {"openclaw", "claude-code", "env", "opencode", "gh", "github-copilot", "hermes"}


def offered(root: Path, environ: dict[str, str], entry: SourceEntry) -> dict[str, tuple[str, str]]:
    """What one entry offers when every provider that it has is wanted."""
    seen = [one for one in observe_all(Host(root, environ), [entry]) if isinstance(one, Observation)]
    offered_keys = OfferedKeys({one.credential.provider for one in seen})
    observe_all(Host(root, environ, offered_keys=offered_keys), [entry])
    return {key: (one.secret.reveal(), one.at) for key, one in offered_keys.held().items()}


@pytest.mark.parametrize("kind", SOURCES)
def test_no_source_offers_a_refresh_token(kind: str, tmp_path: Path) -> None:
    """No source offers a refresh token; those of the agents offer what their homes hold."""
    home = Home.of(kind, tmp_path / "home")
    environ = {"HOME": str(home.root), **home.facts["env"]}
    found = offered(home.root, environ, home.entry())
    texts = [path.read_text("utf-8", "replace") for path in home.root.rglob("*") if path.is_file()]
    refresh = {token for text in texts for token in REFRESH.findall(text)}
    secrets = {secret for secret, _ in found.values()}
    assert not secrets & refresh
    assert not any("refresh" in secret.lower() for secret in secrets)
    if kind in OFFERS:
        assert secrets


def test_a_refresh_token_in_an_odd_place_is_not_offered(tmp_path: Path) -> None:
    """An OpenClaw token that has a refresh token beside it offers the token."""
    odd = {"type": "token", "provider": "anthropic", "token": "tok-1", "refresh": "ref-1", "access": "acc-1"}
    only = {"type": "oauth", "provider": "anthropic", "refresh": "ref-2", "expires": 1}
    openclaw(tmp_path, {"anthropic:odd": odd, "anthropic:only": only})
    found = offered(tmp_path, {}, SourceEntry("openclaw", "openclaw"))
    assert found == {"openclaw/main/anthropic:odd": ("tok-1", "")}


def test_where_a_program_sends_its_key_is_offered_with_it(tmp_path: Path) -> None:
    """Where a program sends its key is offered with it: a base URL of the config, of the environment, gh's host."""
    openclaw(tmp_path, {"anthropic:default": {"type": "api_key", "provider": "anthropic", "key": "k"}})
    config = {"models": {"providers": {"anthropic": {"baseUrl": "https://gw.example/v1"}}}}
    (tmp_path / ".openclaw" / "openclaw.json").write_text(json.dumps(config))
    (tmp_path / ".openclaw" / ".env").write_text("ANTHROPIC_API_KEY=e\n")
    found = offered(tmp_path, {}, SourceEntry("openclaw", "openclaw"))
    assert {at for _, at in found.values()} == {"https://gw.example/v1"}
    environ = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": "https://gw.example", "OPENAI_API_KEY": "o"}
    found = offered(tmp_path, environ, SourceEntry("env", "env"))
    assert found == {
        "env/-/ANTHROPIC_API_KEY": ("k", "https://gw.example"),
        "env/-/OPENAI_API_KEY": ("o", ""),
    }
    hosts = tmp_path / ".config" / "gh" / "hosts.yml"
    hosts.parent.mkdir(parents=True)
    hosts.write_text("git.example:\n    oauth_token: g\n    user: me\ngithub.com:\n    oauth_token: h\n    user: me\n")
    found = offered(tmp_path, {}, SourceEntry("gh", "gh"))
    assert found == {"gh/-/gh:git.example/me": ("g", "git.example"), "gh/-/gh:github.com/me": ("h", "")}


WHO = Credential("s", "-", "p", "x", Kind.API_KEY)


@pytest.mark.parametrize("secret", ["", " ", "a b", "a\nb", "a\r\nX: y", "é", "\x00", "x" * 20_000], ids=ascii)
def test_what_cannot_stand_in_a_header_is_not_kept(secret: str) -> None:
    """What cannot stand in a header is not kept: a library would quote it in its error."""
    offered_keys = OfferedKeys({"p"})
    offered_keys.keep(WHO, secret, "")
    assert offered_keys.held() == {}


def test_a_vault_shows_nothing_and_keeps_only_what_is_wanted() -> None:
    """A vault shows nothing of itself; another provider's secret never gets in; a host without one keeps nothing."""
    offered_keys = OfferedKeys({"p"})
    offered_keys.keep(WHO, "FAKESECRET", "")
    offered_keys.keep(Credential("s", "-", "other", "y", Kind.API_KEY), "FAKESECRET", "")
    assert list(offered_keys.held()) == ["s/-/x"]
    assert "FAKESECRET" not in f"{offered_keys!r} {offered_keys.held()!r} {[*offered_keys.held().values()]}"
    Host(Path("/"), {}).offer(WHO, "FAKESECRET")
    host = Host(Path("/"), {}, offered_keys=offered_keys)
    assert host.at(Path("/tmp")).offered_keys is offered_keys
    assert host.alone().offered_keys is None, "what may be left behind shares nothing"
