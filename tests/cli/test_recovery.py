"""Recovery closes the loop: logged in again, valid until when, who has it, who still has the old one."""

from __future__ import annotations

import pytest

from tests.command import authwatch, configure
from tests.openclaw_home import DAY, HOUR, openclaw, put, token
from tests.receivers import web

CONFIG = '{"agents": {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-5"}}, "list": [{"id": "main"}, {"id": "work"}, {"id": "old"}]}}'


@pytest.fixture
def there():
    with web() as one:
        yield one


def test_the_message_says_which_agents_have_the_new_login_and_which_do_not(tmp_path, there):
    put_config(tmp_path)
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR, secret="former")})
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR, secret="former")}, agent="old")
    configure(tmp_path, f"host: box\nchannels:\n  phone: {{url: '{there.url('json', 'json/phone')}'}}\n")
    assert authwatch(tmp_path, "check").code == 1
    openclaw(tmp_path, {"anthropic:default": token(ends_in=300 * DAY, secret="new")})
    assert authwatch(tmp_path, "check").code == 1, "agent old is still dead"
    text = there.received[-1].body["message"]
    assert "Back to normal: logged in again; expires " in text
    assert "Agents main and work have it; agent old still has the old one." in text


def put_config(home) -> None:
    (home / ".openclaw").mkdir(parents=True)
    put(home / ".openclaw" / "openclaw.json", CONFIG)
