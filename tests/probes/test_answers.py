"""Every provider's answers through a real server: the right outcome for each, in time, and nothing of the secret."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.model import AnswerMeaning, Secret
from monitor.probes import PROBES
from monitor.probes.ask import ProbeRequest, ask
from tests.probes.documented import ANYWHERE, CASES, ENDS, SECRETS, VALID, anthropic, openrouter
from tests.probes.stand import Stand, certificate, drips, garbage, hangs, resets, says, stand


@pytest.fixture(scope="module")
def there() -> Iterator[Stand]:
    with stand(says({})) as one:
        yield one


def asked(probe: str, base: str, limit: float = 10, authorities: str | None = None) -> AnswerMeaning:
    kind, secret = SECRETS[probe]
    assert PROBES[probe].fits(kind, secret)
    told = ask([ProbeRequest("id", probe, base, kind, Secret(secret))], authorities, limit)["id"]
    assert "FAKESECRET" not in repr(told)
    return told


@pytest.mark.parametrize("probe", PROBES)
def test_a_good_login_is_valid_and_asked_as_documented(probe: str, there: Stand) -> None:
    """A good login is valid; one GET, the secret in a header and nowhere else, and who asks."""
    there.answer, there.asked[:] = says(VALID[probe]), []
    assert asked(probe, there.url).answer == "valid"
    ((path, headers),) = there.asked
    assert path == PROBES[probe].path
    assert "FAKESECRET" not in path
    assert headers["user-agent"].startswith("authwatch/")
    assert [name for name, value in headers.items() if "FAKESECRET" in value] in (
        ["authorization"], ["x-api-key"], ["x-goog-api-key"]
    )  # fmt: skip


DOCUMENTED = [(probe, *case) for probe, cases in CASES.items() for case in cases]


@pytest.mark.parametrize(
    ("probe", "case", "status", "headers", "body", "outcome", "note"), DOCUMENTED, ids=lambda v: str(v)[:24]
)
def test_each_documented_answer_has_its_outcome(probe, case, status, headers, body, outcome, note, there) -> None:
    """Each documented answer has its outcome, and its note is ours."""
    there.answer = says(body, status, **headers)
    told = asked(probe, there.url)
    assert (told.answer, note in told.note) == (outcome, True), told


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize(("case", "status", "headers", "body", "outcome"), ANYWHERE, ids=[one[0] for one in ANYWHERE])
def test_what_is_nobody_s_word_condemns_nobody(probe, case, status, headers, body, outcome, there) -> None:
    """What is nobody's word condemns nobody; no redirect is followed, so that the key goes nowhere else."""
    there.answer, there.asked[:] = says(body, status, **headers), []
    assert asked(probe, there.url).answer == outcome
    assert [path for path, _ in there.asked] == [PROBES[probe].path]


@pytest.mark.parametrize("probe", PROBES)
def test_a_packed_answer_is_unpacked(probe: str, there: Stand) -> None:
    """gzip is understood, for good answers and refusals."""
    there.answer = says(gzip.compress(json.dumps(VALID[probe]).encode()), Content_Encoding="gzip")
    assert asked(probe, there.url).answer == "valid"
    body, status, outcome = next((case[3], case[1], case[4]) for case in CASES[probe] if "bad" in case[0])
    there.answer = says(gzip.compress(json.dumps(body).encode()), status, Content_Encoding="gzip")
    assert asked(probe, there.url).answer == outcome


def test_a_bomb_and_a_damaged_package_are_nobody_s_word(there: Stand) -> None:
    """Few bytes that unpack to very many cost little; half a package is no answer."""
    bomb = gzip.compress(b'{"data": "' + b"0" * 50_000_000 + b'"}')
    there.answer = says(bomb, Content_Encoding="gzip")
    began = time.monotonic()
    assert asked("deepseek", there.url).answer == "unreachable"
    assert time.monotonic() - began < 5
    packed = gzip.compress(json.dumps(VALID["anthropic"]).encode())
    for broken in (packed[:-12], b"FAKESECRET" * 9, packed[:20] + b"FAKESECRET" * 9):
        there.answer = says(broken, Content_Encoding="gzip")
        assert asked("anthropic", there.url).note == "the answer is damaged"


@pytest.mark.parametrize("probe", ["openai", "groq", "mistral", "anthropic", "google"])
def test_a_list_that_is_longer_than_we_read_is_a_success(probe: str, there: Stand) -> None:
    """A list of models may be longer than the 64 KiB that are read."""
    name = "models" if probe == "google" else "data"
    there.answer = says({name: [{"id": f"model-{n}", "error": "expired"} for n in range(20_000)]})
    assert asked(probe, there.url).answer == "valid"
    there.answer = says("{" + "<html>" * 20_000)
    assert asked(probe, there.url).answer == "unreachable"


@pytest.mark.parametrize("answer", [drips, hangs], ids=["drips", "hangs"])
def test_the_deadline_is_kept(answer, there: Stand) -> None:
    """The deadline is kept, against a server that drips and for many at once."""
    there.answer = answer
    kind, secret = SECRETS["anthropic"]
    began = time.monotonic()
    questions = [ProbeRequest(str(n), "anthropic", there.url, kind, Secret(secret)) for n in range(8)]
    told = ask(questions, None, 0.5)
    assert time.monotonic() - began < 2
    assert {one.answer for one in told.values()} == {"unreachable"}
    assert len(told) == 8
    assert all("0.5 s" in one.note or "in time" in one.note for one in told.values())


@pytest.mark.parametrize("answer", [resets, garbage], ids=["resets", "garbage"])
def test_a_broken_connection_is_nobody_s_word(answer, there: Stand) -> None:
    """A broken connection is nobody's word."""
    there.answer = answer
    assert asked("github", there.url).answer == "unreachable"


def test_a_closed_port_and_an_unknown_host_are_nobody_s_word() -> None:
    """A closed port and an unknown host are nobody's word."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert asked("openai", f"http://127.0.0.1:{port}").note == "it cannot be reached: connection refused"
    assert asked("openai", "https://no-such-host.invalid").answer == "unreachable"


def test_certificates_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An untrusted certificate is no answer and gets no key; a trusted one, by any of the usual settings, is."""
    crt, context = certificate(tmp_path)
    with stand(says(VALID["openai"]), context) as there:
        told = asked("openai", there.url)
        assert (told.answer, "certificate is not trusted" in told.note, there.asked) == ("unreachable", True, [])
        assert asked("openai", there.url, authorities=str(crt)).answer == "valid"
        monkeypatch.setenv("SSL_CERT_FILE", str(crt))
        assert asked("openai", there.url).answer == "valid"
        assert asked("openai", f"https://127.0.0.1:{there.port}").answer == "unreachable"
        assert asked("openai", there.url, authorities=str(tmp_path / "none")).answer == "unreachable"
    with stand(says(VALID["openai"])) as plain:
        assert asked("openai", f"https://127.0.0.1:{plain.port}").note.startswith("TLS failed: ")
        assert plain.asked == []


def test_a_folder_of_authorities_is_taken(tmp_path: Path) -> None:
    """REQUESTS_CA_BUNDLE may be a folder."""
    import subprocess

    crt, context = certificate(tmp_path)
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / "crt.pem").write_bytes(crt.read_bytes())
    subprocess.run(["openssl", "rehash", str(folder)], check=True, capture_output=True)
    with stand(says(VALID["openai"]), context) as there:
        assert asked("openai", there.url, authorities=str(folder)).answer == "valid"


def test_a_proxy_is_used_for_tls_and_never_sees_a_key(monkeypatch: pytest.MonkeyPatch, there: Stand) -> None:
    """A proxy gets CONNECT without the key; an address without TLS is on this machine and goes around it."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        import threading

        def serve() -> None:
            while True:
                try:
                    client, _ = proxy.accept()
                except OSError:
                    return
                with client:
                    seen.append(client.recv(4096))
                    client.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, address)
        monkeypatch.delenv("no_proxy", raising=False)
        assert asked("openai", "https://keys.example").answer == "unreachable"
        assert seen[0].startswith(b"CONNECT keys.example:443")
        assert b"FAKESECRET" not in b"".join(seen)
        count = len(seen)
        there.answer = says(VALID["openai"])
        assert asked("openai", there.url).answer == "valid"
        monkeypatch.setenv("no_proxy", "keys.example")
        asked("openai", "https://keys.example")
        assert len(seen) == count


def test_what_a_provider_tells_beside_is_kept(there: Stand) -> None:
    """The end of a key, what is left of it, in our own words."""
    there.answer = says(openrouter(expires_at="2027-12-31T23:59:59Z"))
    told = asked("openrouter", there.url)
    assert (str(told.expires_at), told.credit) == ("2027-12-31 23:59:59+00:00", "74.50 USD left")
    there.answer = says(VALID["deepseek"])
    assert asked("deepseek", there.url).credit == "110.00 CNY left"
    there.answer = says(VALID["zai"])
    assert asked("zai", there.url).credit == "3% of the plan used"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2027-10-07 19:07:53 UTC", "2027-10-07 19:07:53+00:00"),
        ("2027-10-07 19:07:53 +0500", "2027-10-07 14:07:53+00:00"),
        ("2027-10-07 19:07:53 -0700", "2027-10-08 02:07:53+00:00"),
        ("soon", "None"),
        ("", "None"),
        ("9999-99-99 99:99:99 UTC", "None"),
    ],
)
def test_github_says_when_a_token_ends(written: str, meant: str, there: Stand) -> None:
    """GitHub says when a token ends, in two spellings."""
    there.answer = says(VALID["github"], **{ENDS: written})
    assert str(asked("github", there.url).expires_at) == meant


def test_an_end_that_is_now_is_not_believed(there: Stand) -> None:
    """For some fine-grained tokens GitHub's header gave the moment of the request."""
    there.answer = says(VALID["github"], **{ENDS: time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())})
    told = asked("github", there.url)
    assert (told.answer, told.expires_at) == ("valid", None)


def test_a_subscription_s_token_goes_into_the_other_header(there: Stand) -> None:
    """A subscription's token is a bearer with the beta header; an administrator's key is not sent at all."""
    from monitor.model import Kind

    there.answer, there.asked[:] = says(VALID["anthropic"]), []
    ask([ProbeRequest("id", "anthropic", there.url, Kind.OAUTH, Secret("sk-ant-oat01-FAKESECRET"))])
    ((_, headers),) = there.asked
    assert headers["authorization"] == "Bearer sk-ant-oat01-FAKESECRET"
    assert headers["anthropic-beta"] == "oauth-2025-04-20"
    assert "x-api-key" not in headers
    assert not PROBES["anthropic"].fits(Kind.API_KEY, "sk-ant-admin01-x")
    assert not PROBES["openai"].fits(Kind.OAUTH, "eyJ.a.b")
    assert not PROBES["google"].fits(Kind.OAUTH, "ya29.x")
    assert not PROBES["github"].fits(Kind.TOKEN, "tid=1;exp=2")


def test_the_advice_for_a_token_in_the_wrong_hands(there: Stand) -> None:
    """Alive in the wrong hands: valid, with what to do."""
    there.answer = says(anthropic("invalid_request_error", "only authorized for use with Claude Code"), 400)
    told = asked("anthropic", there.url)
    assert told.answer == "valid"
    assert "give other programs an API key" in told.note
