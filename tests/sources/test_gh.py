"""What gh writes is found, and what a stranger puts there instead costs one problem, soon, without its text."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from monitor.model import Observation, Problem, SourceEntry
from monitor.sources.gh import MAX_BYTES, observe
from monitor.system.host import Host


def found(home: Path, text: str) -> list[Observation]:
    folder = home / ".config/gh"
    folder.mkdir(parents=True)
    (folder / "hosts.yml").write_bytes(text.encode("utf-8", "surrogatepass"))
    entry = SourceEntry("gh", "gh")
    return [one for one in observe(Host(home, {}), entry) if isinstance(one, Observation)]


HOST = "github.com:\n    user: octocat\n    oauth_token: {}\n"


@pytest.mark.parametrize("written", ["gho_x", "'gho_x'", '"gho_x"', "gho_x # by hand"])
def test_a_token_is_read_however_yaml_writes_it(tmp_path: Path, written: str) -> None:
    (one,) = found(tmp_path, HOST.format(written))
    assert (one.credential.profile, one.problem) == ("gh:github.com/octocat", None)
    assert one.fingerprint is not None


@pytest.mark.parametrize("user", ["123", "no", "1e5", "2026-01-01"])
def test_a_user_is_a_text_whatever_it_looks_like(tmp_path: Path, user: str) -> None:
    (one,) = found(tmp_path, f"github.com:\n    user: {user}\n    oauth_token: gho_x\n")
    assert one.credential.profile == f"gh:github.com/{user}"


HOSTILE = {
    "a text": "FAKESECRET",
    "a list": "- FAKESECRET",
    "an open quote": "a: 'FAKESECRET",
    "a tab": "a:\n\tb: FAKESECRET",
    "a value with a colon": "a: FAKESECRET: b",
    "a list as a key": "? [FAKESECRET]\n: b",
    "two documents": "a: b\n---\nFAKESECRET: c",
    "a control character": "a: FAKESECRET\x01",
    "half of a pair": 'a: "FAKESECRET\\ud800"\nb: "\\UFFFFFFFF"',
    "a date that is none": "a: FAKESECRET\n%YAML 999999999999.9",
    "an alias": "a: &FAKESECRET b\nc: *FAKESECRET",
    "a mapping within itself": "a: &FAKESECRET {b: *FAKESECRET}",
    "what doubles with every line": "a: &a {x: FAKESECRET}\n"
    + "".join(f"{k}: &{k} {{<<: [*a, *a]}}\n" for k in "bcdef"),
    "a deep list": "[" * (MAX_BYTES - 10),
    "deep blocks": "- " * (MAX_BYTES // 2 - 10),
    "a deep mapping": "{a: " * (MAX_BYTES // 4 - 10),
    "more than anybody has": HOST.format("FAKESECRET") + "#" * MAX_BYTES,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_gh_did_not_write_costs_one_problem(tmp_path: Path, text: str) -> None:
    began = time.process_time()
    (one,) = found(tmp_path, text)
    assert time.process_time() - began < 5
    assert one.problem in (Problem.PARSE, Problem.TOO_LARGE)
    assert "FAKESECRET" not in repr(one)
