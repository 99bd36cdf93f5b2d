"""What a person reads: subjects, bodies, escapes, limits."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from alerts.formats import LIMIT, UNSAFE, fits, hypertext, line, markdown, markdown_code
from alerts.message import compose, notice
from alerts.model import Level, Notification, Reason
from tests.alerts.examples import COMMAND, LABELS, NOW, alert, item, notification, say

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DEAD = item(Reason.NEW, -5 * HOUR, level=Level.NOW, key="b")
RESOLVED = item(Reason.RESOLVED, 40 * DAY, level=Level.FINE, key="c", summary="", remedy="")

NAME = "anthropic:default (main)"
SUBJECTS = {
    "one that ends": ([item()], f"Act soon: {NAME} ends Wed 25 Nov 2026, 14:00 UTC (in 3 days), vps-1"),
    "one that is over": ([DEAD], f"Act now: {NAME} ended Sun 22 Nov 2026, 08:00 UTC (5 h ago), vps-1"),
    "dead before its clock": ([item(ends_in=DAY, level=Level.NOW)], f"Act now: {NAME}, vps-1"),
    "one without a moment": ([item(ends_in=None, level=Level.NOW)], f"Act now: {NAME}, vps-1"),
    "one that cannot be told": ([item(ends_in=None, doubt=True)], f"Cannot tell: {NAME}, vps-1"),
    "one that vanished": ([item(ends_in=None, doubt=True, level=Level.NOW)], f"Act now: {NAME}, vps-1"),
    "one that is back": ([RESOLVED], f"Recovered: {NAME}, valid until Fri 1 Jan 2027, 13:00 UTC (in 40 days), vps-1"),
    "many": ([RESOLVED, item(), DEAD], f"Act now: {NAME} ended 5 h ago, and 2 more, vps-1"),
    "many that are back": ([RESOLVED, RESOLVED], f"Recovered: {NAME}, and 1 more, vps-1"),
    "a source": ([item(ends_in=None, labels={"source": "codex", "agent": "-"})], "Act soon: codex, vps-1"),
    "something without labels": ([item(ends_in=None, labels={}, key="channel/mail")], "Act soon: channel/mail, vps-1"),
}


@pytest.mark.parametrize("case", SUBJECTS)
def test_a_subject_says_what_to_do_for_which_login_until_when_and_where(case: str) -> None:
    items, expected = SUBJECTS[case]
    assert say(notification(*items)).subject == expected


def test_the_body_goes_from_the_most_urgent_to_the_good_news() -> None:
    text = say(notification(RESOLVED, item(), DEAD)).text
    assert text.index("Act now (new)") < text.index("Act soon (new)") < text.index("Recovered")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.NEW, "Act soon (new)"),
        (Reason.WORSE, "Act soon (worse than before)"),
        (Reason.EASED, "Act soon (better than before)"),
        (Reason.REMINDER, "Act soon (reminder)"),
    ],
)
def test_every_reason_is_said_in_plain_words(reason: Reason, words: str) -> None:
    assert say(notification(item(reason))).text.startswith(words)


def test_the_command_stands_on_a_line_of_its_own_in_every_form() -> None:
    message = say(notification())
    assert COMMAND in message.text.splitlines()
    assert COMMAND in message.markdown.splitlines()
    assert f"<pre>{hypertext(COMMAND)}</pre>" in message.html


def test_a_deadline_is_given_as_a_moment_and_from_now() -> None:
    assert "Act before: Wed 25 Nov 2026, 14:00 UTC (in 3 days)" in say(notification()).text.splitlines()
    assert "Ended: Sun 22 Nov 2026, 08:00 UTC (5 h ago)" in say(notification(DEAD)).text.splitlines()


def test_what_recovered_says_until_when_it_is_valid_and_asks_for_nothing() -> None:
    text = say(notification(RESOLVED._replace(alert=RESOLVED.alert._replace(remedy=COMMAND)))).text
    assert "Logged in again, valid until Fri 1 Jan 2027, 13:00 UTC (in 40 days)." in text
    assert COMMAND not in text


def test_what_recovered_without_a_known_end_is_fine_again() -> None:
    assert "Fine again." in say(notification(item(Reason.RESOLVED, None, level=Level.FINE))).text


@pytest.mark.parametrize(
    ("items", "level"),
    [([item(), DEAD], Level.NOW), ([item(), RESOLVED], Level.SOON), ([RESOLVED], Level.FINE)],
)
def test_the_level_is_the_worst_that_is_still_so(items: list, level: Level) -> None:
    assert say(notification(*items)).level is level


def test_more_conditions_than_fit_are_counted() -> None:
    message = compose(Notification("phone", tuple(item(key=f"k{n:05}") for n in range(10_000))), "vps-1", NOW)
    for body in (message.text, message.markdown, message.html):
        said = body.count("Act soon (new)") + body.count(r"Act soon \(new\)")
        assert len(body.encode()) <= LIMIT
        assert f"… and {10_000 - said} more: authwatch status" in body
    assert message.subject.endswith(", and 9999 more, vps-1")


def test_a_megabyte_in_every_field_makes_a_short_message() -> None:
    huge = "x\n" * 500_000
    labels = dict.fromkeys(LABELS, huge)
    message = compose(notification(item(labels=labels, summary=huge, remedy=huge, key=huge)), huge, NOW)
    assert len(message.subject.encode()) < 300
    assert max(len(form.encode()) for form in (message.text, message.markdown, message.html)) < LIMIT


@pytest.mark.parametrize("command", ["two\nlines", "right \u202e left", "c" * 5000, "bell\a"])
def test_a_command_that_would_have_to_be_changed_is_not_shown(command: str) -> None:
    text = say(notification(item(remedy=command))).text
    assert command[:4] not in text.splitlines()
    assert "authwatch status" in text


def test_a_command_with_several_spaces_is_shown_as_it_is() -> None:
    assert "tool 'a  b'" in say(notification(item(remedy="tool 'a  b'"))).text.splitlines()


def test_an_alert_without_news_and_a_notice_are_messages_too() -> None:
    assert say(Notification("phone", ())).subject == "Nothing to report, vps-1"
    message = notice("Test", ["If you read this, <it> works."], "vps-1", NOW)
    assert message.subject == "Test, vps-1"
    assert "&lt;it&gt;" in message.html


TRICKS = st.text(st.sampled_from("ab1.)-+=#>*_`~|[]()!<&;\\ \n\t:/@\u202e\u2028\x1b\"'$é漢")) | st.text()


@given(TRICKS, TRICKS, TRICKS)
def test_no_id_brings_control_characters_or_lines_into_a_subject(profile: str, agent: str, host: str) -> None:
    one = item(labels={"profile": profile, "agent": agent})
    subject = compose(notification(one), host, NOW).subject
    assert not [c for c in subject if unicodedata.category(c) in UNSAFE]
    subject.encode()


@settings(max_examples=300)
@given(TRICKS)
def test_escaped_markdown_shows_exactly_the_text(text: str) -> None:
    flat = line(text, 200)
    shown = MarkdownIt("commonmark").render(markdown(flat))
    assert shown == (f"<p>{_html_of(flat)}</p>\n" if flat else "")


@given(TRICKS)
def test_a_command_in_markdown_stays_in_its_fence(text: str) -> None:
    flat = line(text, 200)
    tokens = MarkdownIt("commonmark").parse(markdown_code(flat))
    assert [(token.type, token.content) for token in tokens] == [("fence", f"{flat}\n" if flat else "\n")]


@given(TRICKS, TRICKS)
def test_html_has_no_tags_but_ours(profile: str, summary: str) -> None:
    body = compose(notification(item(labels={"profile": profile}, summary=summary)), "vps-1", NOW).html
    assert set(re.findall(r"<[^>]*>", body)) <= {"<p>", "</p>", "<b>", "</b>", "<br/>", "<pre>", "</pre>"}


@given(st.text(), st.integers(3, 60))
def test_a_line_fits_its_bytes_and_is_a_line(text: str, limit: int) -> None:
    flat = line(text, limit)
    assert len(flat.encode()) <= limit
    assert len(flat.splitlines()) <= 1
    assert line(flat, limit) == flat


@given(st.text(max_size=80))
def test_what_fits_is_not_changed_by_a_line_but_for_its_spaces(text: str) -> None:
    if fits(text, 400):
        assert line(text, 400) == " ".join(text.split())


def test_a_standing_is_never_shown_by_its_key_when_it_has_labels() -> None:
    """With `privacy: masked` the labels are masked, the key is not."""
    masked = alert(key="openclaw/main/anthropic:me@example.com", labels={"profile": "anthropic:m…", "agent": "main"})
    message = say(notification(item()._replace(alert=masked)))
    assert "me@example.com" not in repr(message)


def _html_of(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
