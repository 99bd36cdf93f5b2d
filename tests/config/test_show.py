"""`config show`: the effective settings, which read back as themselves, without a secret."""

from pathlib import Path

from monitor.config.settings import Settings
from monitor.config.show import show
from tests.config.files import settings_of
from tests.config.test_load import WHOLE

ENV = {"NTFY_TOPIC": "FAKESECRET"}


def _chosen_as(before: Settings, after: Settings) -> Settings:
    """`after`, whose sources are listed by `show`, as if they had been listed before."""
    listed = zip(after.sources, before.sources, strict=True)
    return after._replace(
        sources=tuple(e._replace(chosen=b.chosen, trusted=b.trusted) for e, b in listed),
        policy=after.policy._replace(unlisted=before.policy.unlisted),
    )


def _comparable(settings: Settings) -> Settings:
    """Without what `show` hides and where things stand."""
    return settings._replace(
        channels=tuple(c._replace(url=None, broken="", where="") for c in settings.channels),
        sources=tuple(entry._replace(where="") for entry in settings.sources),
        heartbeat=None,
        history_url=None,
        web=settings.web._replace(password=None, password_file=None, broken="", where=""),
        broken={},
    )


def test_what_is_shown_reads_back_as_the_same_settings(tmp_path: Path) -> None:
    for text in (WHOLE, "host: x"):
        before = settings_of(tmp_path, text, ENV)
        shown = show(before).replace("url: (hidden)", "url: sqlite:///x")
        after = settings_of(tmp_path, shown)
        assert _comparable(_chosen_as(before, after)) == _comparable(before)


def test_no_secret_is_shown(tmp_path: Path) -> None:
    (tmp_path / "mail.url").write_text("mailto://x:FAKESECRET@example\n")
    (tmp_path / "word").write_text("FAKESECRET")
    text = WHOLE + "\n"
    shown = show(settings_of(tmp_path, text, ENV))
    assert "FAKESECRET" not in shown
    assert "hc-ping" not in shown
    assert shown.count("(hidden)") == 5


def test_the_defaults_are_shown() -> None:
    shown = show(Settings())
    for line in ("interval: 5m", "- claude-code", "- 7d", "settle: 10m", "listen: 127.0.0.1:9797", "keep: 400d"):
        assert line in shown
