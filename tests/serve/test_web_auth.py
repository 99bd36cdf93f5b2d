"""Who may read the daemon."""

import base64

import pytest

from monitor.config.settings import Secret, WebSettings
from monitor.serve.web_auth import CannotServe, listen_address, may_read, names_us

OPEN = WebSettings()
SHUT = WebSettings(password=Secret("wörd:with colon"))


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("listen", "found"),
    [
        ("127.0.0.1:9797", ("127.0.0.1", 9797)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:1", ("localhost", 1)),
        ("127.9.9.9:0", ("127.9.9.9", 0)),
    ],
)
def test_loopback_needs_no_password(listen, found):
    """Loopback needs no password."""
    assert listen_address(WebSettings(listen)) == found


@pytest.mark.parametrize("listen", ["0.0.0.0:9797", "[::]:9797", "192.0.2.1:80", "vps-1:80", "localhost.evil:80"])
def test_other_addresses_are_refused_without_a_password(listen):
    """Other addresses are refused without a password, or with an empty one."""
    for password in (None, Secret("")):
        with pytest.raises(CannotServe, match=r"web\.password_file"):
            listen_address(WebSettings(listen, password))
    assert listen_address(WebSettings(listen, Secret("word")))[0]


@pytest.mark.parametrize(
    "listen", ["", "9797", ":9797", "127.0.0.1", "127.0.0.1:x", "::1:80", "127.0.0.1:65536", "127.0.0.1:²"]
)
def test_what_is_no_address_is_refused(listen):
    """What is no address is refused."""
    with pytest.raises(CannotServe, match="expected an address"):
        listen_address(WebSettings(listen, Secret("word")))


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:9797", True),
        ("localhost", True),
        ("LOCALHOST:1", True),
        ("[::1]:9797", True),
        ("[::1]", True),
        ("evil.example:9797", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("192.0.2.1", False),
        ("", False),
        ("::1", False),
        (None, False),
    ],
)
def test_without_a_password_only_our_own_names_are_answered(host, ours):
    """Without a password only our own names are answered."""
    assert names_us(host, OPEN) is ours


def test_with_a_password_any_name_will_do():
    """With a password any name will do, but a name it must be."""
    assert names_us("vps-1.example.org", SHUT)
    assert not names_us("", SHUT)


@pytest.mark.parametrize(
    ("header", "let_in"),
    [
        (basic("anyone:wörd:with colon"), True),
        (basic(":wörd:with colon"), True),
        ("bearer " + "wörd:with colon".encode().decode("latin-1"), True),
        (basic("anyone:wörd:with colo"), False),
        (basic("wörd:with colon"), False),
        (basic("anyone:"), False),
        (basic("anyone"), False),
        ("Basic ###", False),
        ("Basic é", False),
        ("Basic", False),
        ("Bearer ", False),
        ("Bearer wrong", False),
        ("Digest wörd:with colon", False),
        ("", False),
        (None, False),
    ],
)
def test_the_password_opens_with_basic_and_bearer(header, let_in):
    """The password opens with Basic under any name and with Bearer."""
    assert may_read(header, SHUT) is let_in
    assert may_read(header, OPEN)
