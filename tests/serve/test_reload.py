"""The config while the daemon runs: read again on SIGHUP and when it changes, never replaced by a wrong one."""

import json
import signal

import pytest

from monitor.config.settings import Secret, Settings, WebSettings
from monitor.serve.live_settings import LiveSettings, Loaded
from monitor.serve.web_auth import CannotServe
from tests.serve.conftest import wait_for
from tests.serve.test_daemon import checks, counts

OPEN, SHUT = WebSettings("0.0.0.0:9797"), WebSettings("0.0.0.0:9797", Secret("word"))


def good(client):
    return counts(client, "authwatch_config_last_reload_success")[()] == 1


def test_a_hangup_reads_the_config_again(daemon, tmp_path):
    """A hangup reads the config again, and a check follows."""
    one = daemon("true")
    client = one.client()
    wait_for(lambda: checks(client)["ok"] == 1)
    (tmp_path / "state/config.json").write_text(json.dumps({"channels": ["phone", "mail"]}))
    one.process.send_signal(signal.SIGHUP)
    wait_for(lambda: checks(client)["ok"] == 2)
    assert counts(client, "authwatch_deliveries_total")[("mail", "delivered")] == 0
    assert good(client)
    assert "config reloaded" in one.out


def test_a_wrong_config_keeps_the_old_one_in_force(daemon, tmp_path):
    """A wrong config keeps the old one in force: for the daemon, and for the checks, which are handed its text."""
    config, given = tmp_path / "state/config.json", tmp_path / "given"
    config.write_text('{"channels": ["mail"]}')
    one = daemon(f"cat >{given}.new; mv {given}.new {given}")
    client = one.client()
    wait_for(lambda: given.exists() and given.read_text() == "")  # it reads the file itself
    config.write_text('{"channels": [')
    one.process.send_signal(signal.SIGHUP)
    wait_for(lambda: given.read_text() == '{"channels": ["mail"]}')
    assert not good(client)
    assert "config not reloaded, the previous one is in use: config.json:1: not JSON" in one.out
    assert counts(client, "authwatch_deliveries_total")[("mail", "delivered")] == 0
    config.write_text('{"channels": ["phone"]}')
    one.process.send_signal(signal.SIGHUP)
    wait_for(lambda: good(client) and given.read_text() == "")
    assert "Traceback" not in one.out


def test_a_changed_config_is_read_without_a_hangup(daemon, tmp_path):
    """A changed config is read without a hangup, and a wrong one is complained of once."""
    config = tmp_path / "state/config.json"
    one = daemon("true", look_every=0.2)
    client = one.client()
    wait_for(lambda: checks(client)["ok"] == 1)
    config.write_text("{")
    wait_for(lambda: not good(client))
    done = checks(client)["ok"]
    config.write_text('{"interval": 1}')
    wait_for(lambda: good(client) and checks(client)["ok"] >= done + 3)
    assert one.out.count("config not reloaded, the previous one is in use") == 1


def test_systemd_hears_of_a_reload(daemon, tmp_path, systemd):
    """systemd hears of a reload and of the new readiness, and why a config is not in force."""
    one = daemon("true", env={"NOTIFY_SOCKET": systemd.address}, interval=300)
    systemd.until("STATUS=")
    (tmp_path / "state/config.json").write_text("{")
    one.process.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in systemd.until("RELOADING=1")
    systemd.until("READY=1")
    assert "the config has an error, the previous one is in use" in systemd.until("STATUS=")


class Source:
    """What the config says at the moment; an exception says it is wrong."""

    def __init__(self, found):
        self.found = found

    def __call__(self):
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (WebSettings(), WebSettings("127.0.0.1:1"), "web.listen: takes effect after a restart"),
        (SHUT, OPEN, "web.password_file"),
        (SHUT, WebSettings(), "web.listen: takes effect after a restart"),  # else it would lie open where it listens
    ],
)
def test_what_a_running_daemon_cannot_change_is_refused(before, after, why):
    """What a running daemon cannot change is refused, and the old settings stay."""
    source = Source(Loaded(Settings(web=before), "text"))
    current = LiveSettings(source)
    source.found = Loaded(Settings(web=after), "other")
    current.reload()
    assert (current.good, current.settings.web, current.kept) == (False, before, "text")
    assert why in current.wrong


def test_a_config_file_that_vanished_is_no_wish_for_the_defaults(tmp_path):
    """A config file that vanished is no wish for the defaults: they would have no channels."""
    with_file = Settings(file=tmp_path / "config.yaml", state=tmp_path)
    source = Source(Loaded(with_file, "text"))
    current = LiveSettings(source)
    source.found = Loaded(with_file._replace(file=None))
    current.reload()
    assert not current.good
    assert "file not found" in current.wrong
    assert current.settings is with_file


def test_a_daemon_does_not_start_with_a_wrong_config():
    """A daemon does not start with a wrong config."""
    with pytest.raises(CannotServe, match="no good"):
        LiveSettings(Source(CannotServe("no good")))
    with pytest.raises(CannotServe, match="password_file"):
        LiveSettings(Source(Loaded(Settings(web=OPEN))))


def test_the_text_of_the_config_is_never_shown():
    """The text of the config is never shown: it may hold addresses with passwords."""
    assert "planted-secret" not in repr(Loaded(Settings(), "planted-secret"))
