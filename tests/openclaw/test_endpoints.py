"""Which addresses lie in one's own network, so that nobody is billed for them, and what then is not called billed."""

import json

import pytest

from monitor.openclaw.endpoints import is_private
from tests.command import authwatch
from tests.openclaw_home import HOUR, openclaw, put, token

OWN = [
    "http://127.0.0.1:11434/v1",
    "http://localhost:8000",
    "http://[::1]:8000/v1",
    "http://10.1.2.3/v1",
    "http://172.16.0.1",
    "http://172.31.255.254",
    "http://192.168.178.20:1234/v1",
    "http://169.254.1.1",
    "http://100.64.0.1",
    "http://[fd12:3456::1]/v1",
    "http://[fe80::1]/v1",
    "http://[::ffff:192.168.1.2]/v1",
    "https://user:word@gpu.lan:8443/v1",
    "HTTP://GPU.LOCAL./v1",
    "http://llm.corp.internal/v1",
    "http://vllm:8000/v1",
    "vllm:8000",
    "192.168.1.1:80/v1",
]
OTHERS = [
    "",
    "https://api.openai.com/v1",
    "https://api.openai.com:443",
    "https://8.8.8.8/v1",
    "http://172.32.0.1",
    "http://192.169.0.1",
    "http://100.128.0.1",
    "http://10.0.0.999",
    "https://[2001:db8::1]/v1",
    "https://lan.example.com",
    "https://127.0.0.1.example.com/v1",
    "https://10.0.0.1@api.example.com/v1",
    "https://notlocal.com",
    "12345",
]


@pytest.mark.parametrize(("url", "own"), [*((url, True) for url in OWN), *((url, False) for url in OTHERS)])
def test_an_address_is_in_ones_own_network_or_not(url, own):
    assert is_private(url) is own


@pytest.mark.parametrize(("base", "billed"), [("https://api.example.com", True), ("http://192.168.1.9:8000/v1", False)])
def test_a_key_of_ones_own_endpoint_is_no_switch_to_a_billed_key(tmp_path, base, billed):
    """A login that expired and a key that takes over: no finding, and `models pin status` says nothing of a bill."""
    key = {"type": "api_key", "provider": "anthropic", "key": "FAKESECRET"}
    openclaw(tmp_path, {"anthropic:a": token(ends_in=-HOUR), "anthropic:k": key})
    config = {
        "models": {"providers": {"anthropic": {"baseUrl": base}}},
        "agents": {"defaults": {"model": {"primary": "anthropic/x"}}},
        "auth": {"order": {"anthropic": ["anthropic:a", "anthropic:k"]}},
    }
    put(tmp_path / ".openclaw" / "openclaw.json", json.dumps(config))
    document = authwatch(tmp_path, "check", "--json").json
    assert any("/paid" in str(one.get("key")) for one in document["findings"]) is billed
    assert ("billed by use" in authwatch(tmp_path, "models", "pin", "status").out) is billed
