"""`config show --all` and docs/config.md: every key is explained, and what is shown is a config file that means the same."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from monitor.config.annotated import annotated, flow, inner
from monitor.config.errors import ErrorReport
from monitor.config.load import load
from monitor.config.schema import CONFIG
from monitor.config.settings import Settings
from monitor.config.shapes import KeyTable, ReadContext, TableKey
from monitor.config.yaml_nodes import compose
from monitor.system.host import Host
from tests.command import ROOT, authwatch
from tests.config.files import settings_of
from tests.config.reference import page
from tests.config.test_load import WHOLE

SECRETS = """\
sources: [codex, {type: http, id: panel, url: "https://x.example/?k=FAKESECRET", expires_at: end}]
channels: {phone: {url: "json://FAKESECRET"}}
heartbeat: {url: "https://FAKESECRET"}
history: {url: "sqlite:///FAKESECRET"}
web: {password: FAKESECRET, url: "https://vps-1.example"}
timezone: Europe/Stockholm
host_ssh: me@vps-1.example
"""
#: Without anything that is secret.
OPEN = """\
host: vps-1
state: ~/state
interval: 7m
sources: [codex, {type: env, id: keys, vars: {A_KEY: groq}}, {type: manual, id: vpn, expires: 2027-01-01, remedy: "a: b"}]
policy:
  lead: []
  rules: [{match: {}, lead: []}, {match: {agent: main}, watch: false, issued: 2026-01-01, lifetime: 90d}]
  expect: [a/b/c]
alerts: {settle: 0s, remind: [1h], digest: daily, quiet: {from: 22:00, to: "7:00", timezone: UTC}}
history: {keep: 1d}
web: {listen: "[::1]:1", url: "https://vps-1.example"}
privacy: masked
probe: {anthropic: 2h, xai: {every: 1d, oauth: true, url: "https://gw.example"}}
"""


def keys(table: KeyTable, path: str = "") -> Iterator[tuple[str, TableKey]]:
    """Every key of a table with its path."""
    for name, key in table.fields.items():
        yield f"{path}{name}", key
        if within := inner(key.shape):
            yield from keys(within, f"{path}{name}.")


KEYS = dict(keys(CONFIG))


def test_the_page_of_all_keys_is_current() -> None:
    words = "python -m tests.config.reference > docs/config.md"
    assert (ROOT / "docs" / "config.md").read_text("utf-8") == "\n".join(page()) + "\n", words


@pytest.mark.parametrize("path", KEYS)
def test_a_key_is_explained_and_its_example_and_default_are_right(path: str, tmp_path: Path) -> None:
    key = KEYS[path]
    assert key.means.endswith(".") or key.means.endswith("…")
    assert key.default is None or not key.unset
    for value in [key.example] + ([] if key.default is None else [key.default]):
        report = ErrorReport("c")
        node = compose(flow(value), report)
        assert node is not None
        read = key.read(node, path, ReadContext(report, Host(tmp_path, {"NTFY_TOPIC": "x"}), tmp_path, trusted=True))
        report.check()
        assert read is not None


def test_the_defaults_in_the_table_are_those_of_the_settings(tmp_path: Path) -> None:
    document: dict[str, object] = {}
    for path, key in KEYS.items():
        name, _, within = path.partition(".")
        if key.default is None or name in ("sources", "channels", "probe") or "." in within or within == "watch":
            continue
        if within:
            document.setdefault(name, {})[within] = key.default  # type: ignore[index]
        else:
            document[name] = key.default
    assert len(document) > 5
    found = settings_of(tmp_path, yaml.safe_dump(document))
    assert found._replace(file=None, web=found.web._replace(where="")) == Settings()


def test_the_defaults_within_lists_are_those_of_the_settings(tmp_path: Path) -> None:
    def with_default(path: str) -> tuple[Settings, Settings]:
        default = flow(KEYS[path].default)
        texts = {
            "channels.at_least": "channels: {{a: {{url: json://a{}}}}}",
            "policy.rules.watch": "policy: {{rules: [{{match: {{}}{}}}]}}",
            "probe.anthropic.oauth": "probe: {{anthropic: {{every: 1h{}}}}}",
        }
        name = path.rpartition(".")[2]
        return settings_of(tmp_path, texts[path].format("")), settings_of(
            tmp_path, texts[path].format(f", {name}: {default}")
        )

    for path in ("channels.at_least", "policy.rules.watch", "probe.anthropic.oauth"):
        without, given = with_default(path)
        assert repr(without) == repr(given)


def _again(root: Path, before: Settings) -> Settings:
    """The settings that come of what is shown."""
    return settings_of(root, annotated(before))


@pytest.mark.parametrize("text", ["", "host: x", OPEN], ids=["nothing", "host", "all that is no secret"])
def test_what_is_shown_is_a_config_that_means_the_same(text: str, tmp_path: Path) -> None:
    before = settings_of(tmp_path, text)

    def placed(settings: Settings) -> Settings:
        return settings._replace(
            sources=tuple(entry._replace(where="") for entry in settings.sources),
            web=settings.web._replace(where=""),
        )

    assert placed(_again(tmp_path, before)) == placed(before)


def test_without_a_file_it_is_the_defaults(tmp_path: Path) -> None:
    found = _again(tmp_path, load(Host(tmp_path, {})))
    assert found._replace(file=None, web=found.web._replace(where="")) == Settings()


@pytest.mark.parametrize("text", [SECRETS, WHOLE], ids=["secrets", "whole"])
def test_a_secret_is_commented_out_with_what_needs_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "mail.url").write_text("mailto://x:FAKESECRET@example\n")
    (tmp_path / "word").write_text("FAKESECRET")
    before = settings_of(tmp_path, text, {"NTFY_TOPIC": "FAKESECRET"})
    shown = annotated(before)
    assert "FAKESECRET" not in shown
    assert all(line.lstrip().startswith("#") for line in shown.splitlines() if "(hidden)" in line)
    after = _again(tmp_path, before)
    assert (after.channels, after.heartbeat, after.web.password) == ((), None, None)
    assert [entry.id for entry in after.sources] == [entry.id for entry in before.sources if entry.type != "http"]
    for name in ("host", "host_ssh", "timezone", "interval", "alerts", "privacy", "probe", "history_keep"):
        assert getattr(after, name) == getattr(before, name)


def test_a_commented_key_is_right_without_its_sign(tmp_path: Path) -> None:
    """Each key that is commented out may be taken in by removing the sign, one key at a time."""
    (tmp_path / "history.url").write_text("sqlite:///x")
    lines = annotated(Settings()).splitlines()
    tried = []
    for at, line in enumerate(lines):
        found = re.match(r" *#(\w+):", line)
        if not found:
            continue
        end = at + 1
        while end < len(lines) and re.match(" *#[ -]", lines[end]):
            end += 1
        block = [line.replace("#", "", 1) if at <= n < end else line for n, line in enumerate(lines)]
        settings_of(tmp_path, "\n".join(block))
        tried.append(found[1])
    assert {"timezone", "sources", "rules", "channels", "quiet", "anthropic"} <= set(tried)


def test_every_key_is_in_what_is_shown() -> None:
    shown = annotated(Settings())
    for path in KEYS:
        assert f"{path.rpartition('.')[2]}:" in shown, path


def test_the_command_shows_all_and_takes_its_own_word(tmp_path: Path) -> None:
    shown = authwatch(tmp_path, "config", "show", "--all")
    file = tmp_path / "saved.yaml"
    file.write_text(shown.out)
    assert authwatch(tmp_path, "config", "show", "--all", "--config", file).out == shown.out
    assert authwatch(tmp_path, "config", "check", "--all").code == 64
    assert authwatch(tmp_path, "config", "show", "--json").json["interval"] == "5m"
    assert authwatch(tmp_path, "config", "check", "--json").json == {
        "ok": True,
        "file": None,
        "sources": 5,
        "channels": 0,
    }
