"""What `serve` refuses to start with, `config check` refuses, too, in the same words; and the doctor knows."""

import socket

import pytest

from tests.command import authwatch, configure, started
from tests.polling import eventually

WRONG = {
    "all addresses without a password": 'web: {listen: "0.0.0.0:9797"}',
    "all of IPv6 without a password": 'web: {listen: "[::]:9797"}',
    "another address without a password": 'web: {listen: "192.0.2.1:9797"}',
    "a name without a password": 'web: {listen: "vps-1.example.org:9797"}',
    "no address of four bytes": 'web: {listen: "999.0.0.1:9797", password_file: word}',
    "no address of IPv6": 'web: {listen: "[::zz]:9797", password_file: word}',
    "a port too high": 'web: {listen: "127.0.0.1:99999"}',
    "no port": 'web: {listen: "127.0.0.1"}',
    "an unknown key": 'web: {listne: "127.0.0.1:9797"}',
    "no history": "history: {url: 'mysql://x/y'}",
    "no YAML": "web: [",
}
RIGHT = {
    "an address of this machine": 'web: {listen: "127.0.0.1:0"}',
    "all addresses with a password": 'web: {listen: "0.0.0.0:0", password_file: word}',
}


@pytest.fixture(name="home")
def home_fixture(tmp_path):
    word = configure(tmp_path, "").with_name("word")
    word.write_text("a word\n")
    word.chmod(0o600)
    return tmp_path


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_serve_refuses_config_check_refuses_in_the_same_words(home, text):
    """What serve refuses, config check refuses in the same words, with the line; for the doctor it is a finding."""
    file = configure(home, f"host: vps-1\n{text}\n")
    checked, served = authwatch(home, "config", "check"), authwatch(home, "serve", timeout=20)
    assert (checked.code, served.code) == (78, 78), served.err
    assert checked.err.strip() == served.err.strip()
    assert f"{file}:2:" in checked.err or f"{file}:3:" in checked.err
    assert "Traceback" not in served.err


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_what_config_check_takes_serve_starts_with(home, text):
    """What config check takes, serve starts with."""
    configure(home, f"{text}\n")
    assert authwatch(home, "config", "check").code == 0
    log = home / "log"
    with log.open("w") as out:
        daemon = started(home, "serve", out=out)
    eventually(lambda: log.read_text().partition("\n")[1] or daemon.poll() is not None)
    daemon.terminate()
    daemon.wait(60)
    assert "listening on" in log.read_text().splitlines()[0]


def test_a_password_that_cannot_be_had_is_wrong(home):
    """A password that cannot be had is wrong: serve asks for one that nobody knows, config check says which file."""
    configure(home, 'web: {listen: "0.0.0.0:0", password_file: nowhere}\n')
    done = authwatch(home, "config", "check")
    assert (done.code, "web.password_file" in done.err) == (78, True)


def test_an_address_of_another_program_ends_serve_with_who_has_it_and_what_to_set(home):
    """Another program has the address: serve says so at once, names it and the setting, and fails; so does the doctor."""
    with socket.create_server(("127.0.0.1", 0)) as there:
        listen = f"127.0.0.1:{there.getsockname()[1]}"
        configure(home, f'web: {{listen: "{listen}"}}\n')
        served = authwatch(home, "serve", timeout=60)
        installed = authwatch(home, "install", "launchd", "--daemon")
        found = authwatch(home, "doctor", "--json").json["results"]
    assert served.code == 1
    assert served.err.startswith(f"authwatch: {listen} is in use by another program (")
    assert "set web.listen in the config to another address, such as 127.0.0.1:" in served.err
    assert (installed.code, installed.err) == (1, served.err)
    (port,) = [one for one in found if one["check"] == "port"]
    assert port["what"].startswith(f"{listen} is in use by another program (")
