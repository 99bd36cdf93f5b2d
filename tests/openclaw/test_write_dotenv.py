"""A variable is put into a `.env` in place: once, privately, and as OpenClaw reads it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.openclaw.env import parse
from monitor.openclaw.write.dotenv import put
from monitor.openclaw.write.replace_file import WriteRefused


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (None, "v", "A_KEY=v\n"),
        ("", "v", "A_KEY=v\n"),
        ("B=1", "v", "B=1\nA_KEY=v\n"),
        ("# A_KEY=no\nA_KEY=old\nB=1\n", "v", "# A_KEY=no\nA_KEY=v\nB=1\n"),
        ("A_KEY=1\nB=1\nexport A_KEY='2'\n", "v", "B=1\nexport A_KEY=v\n"),
        ("B=1\r\nA_KEY=1\r\n", "v", "B=1\r\nA_KEY=v\r\n"),
        ("A_KEY: old\n", "v w#x", "A_KEY='v w#x'\n"),
        ("B='one\nA_KEY=old\n'\nC=1\n", "v", "B='one\nA_KEY=old\n'\nC=1\nA_KEY=v\n"),
        ("B=1\nA_KEY='one\ntwo' # why\nC=1\n", "v", "B=1\nA_KEY=v\nC=1\n"),
        ('A_KEY="one\r\ntwo"\r\nB=1\r\nA_KEY=2', "v", "B=1\r\nA_KEY=v\r\n"),
        ("\ufeffA_KEY=1\nB=1\n", "v", "\ufeffA_KEY=v\nB=1\n"),
        ("A_KEYS=1\n", "it's", "A_KEYS=1\nA_KEY=`it's`\n"),
    ],
)
def test_the_line_is_where_people_expect_it(tmp_path: Path, before: str | None, value: str, after: str) -> None:
    path = tmp_path / ".env"
    if before is not None:
        path.write_bytes(before.encode())
    put(path, "A_KEY", value)
    assert path.read_bytes().decode() == after
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [".env"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("A KEY", "v"), ("A=B", "v"), ("A", ""), ("A", " "), ("A", "v\nB=1"), ("A", "\x1b"), ("A", "'\"`")],
)
def test_what_would_not_read_back_is_refused(tmp_path: Path, name: str, value: str) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")
    with pytest.raises(WriteRefused):
        put(path, name, value)
    assert path.read_text() == "A=1\n"


LINES = st.text(st.characters(codec="utf-8", exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=60)


@given(LINES, st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30))
def test_whatever_stands_there_the_others_keep_their_values(before: str, value: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / ".env"
        path.write_bytes(before.encode())
        try:
            put(path, "A_KEY", value)
        except WriteRefused:
            assert path.read_bytes() == before.encode()
            return
        assert parse(path.read_text("utf-8")) == {**parse(before), "A_KEY": value}
