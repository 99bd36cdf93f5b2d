"""What a person reads: subjects, bodies, escapes, limits."""

from __future__ import annotations

import re
import shlex
import unicodedata
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from alerts.formats import LIMIT, UNSAFE, fits, hypertext, line, markdown, markdown_code
from alerts.message import SUBJECT, Recipient, compose, notice
from alerts.model import Cause, How, Item, Level, Login, Notification, Reason
from alerts.timefmt import moment
from tests.alerts.examples import COMMAND, LABELS, NOW, RECIPIENT, alert, item, notification, say

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STOCKHOLM = Recipient("vps-1", zone=ZoneInfo("Europe/Stockholm"))
DEAD = item(Reason.NEW, -5 * HOUR, level=Level.NOW, key="b")
RESOLVED = item(Reason.RESOLVED, 40 * DAY, level=Level.FINE, key="c", summary="", remedy="")
OTHER = {**LABELS, "profile": "zai:k"}


def ill(cause: Cause, **changes: Any) -> Item:
    return item(ends_in=None, level=Level.NOW, cause=cause, **changes)


NAME = "anthropic:default"
SUBJECTS = {
    "one that expires": ([item()], f"Expires in 3 days: {NAME} · vps-1"),
    "one that expired": ([DEAD], f"Expired: {NAME} · vps-1"),
    "a reminder": ([DEAD._replace(reason=Reason.REMINDER)], f"Still expired: {NAME} · vps-1"),
    "rejected": ([ill(Cause.REJECTED)], f"Rejected: {NAME} · vps-1"),
    "rejected before its clock": (
        [item(ends_in=DAY, level=Level.NOW, cause=Cause.REJECTED)],
        f"Rejected: {NAME} · vps-1",
    ),
    "missing": ([ill(Cause.MISSING)], f"Missing: {NAME} · vps-1"),
    "logged out": ([ill(Cause.LOGGED_OUT)], f"Logged out: {NAME} · vps-1"),
    "unreadable": ([item(ends_in=None, cause=Cause.UNREADABLE, doubt=True)], f"Unreadable: {NAME} · vps-1"),
    "a store": (
        [item(ends_in=None, labels={"source": "codex", "problem": "parse"}, remedy="authwatch doctor")],
        "Unreadable: codex · vps-1",
    ),
    "a channel": ([item(ends_in=None, level=Level.NOW, labels={"channel": "mail"})], "Not delivering: mail · vps-1"),
    "another agent": ([item(labels={**LABELS, "agent": "work"})], f"Expires in 3 days: {NAME} (work) · vps-1"),
    "one that is back": ([RESOLVED], f"Back to normal: {NAME} · vps-1"),
    "one of many is the worst": ([RESOLVED, item(), DEAD], f"Expired: {NAME} · vps-1"),
    "several": ([DEAD, item(), DEAD, DEAD], "3 logins need you now · vps-1"),
    "several later": ([item(), item(), RESOLVED], "2 logins need you soon · vps-1"),
    "not only logins": ([ill(Cause.OTHER, labels={"channel": "mail"}), DEAD], f"Expired: {NAME} · vps-1"),
    "no logins": ([ill(Cause.OTHER, labels={"channel": one}) for one in "ab"], "2 alerts need you now · vps-1"),
    "several that are back": ([RESOLVED, RESOLVED], "Back to normal: 2 logins · vps-1"),
    "without a moment": ([ill(Cause.OTHER)], f"Act now: {NAME} · vps-1"),
    "without labels": ([item(ends_in=None, labels={}, key="channel/mail")], "Act soon: channel/mail · vps-1"),
}


@pytest.mark.parametrize("case", SUBJECTS)
def test_a_subject_says_what_is_so_of_which_login_and_where(case: str) -> None:
    items, expected = SUBJECTS[case]
    assert say(notification(*items)).subject == expected


@given(
    st.sampled_from(list(SUBJECTS)),
    st.text("ab:.-@", min_size=1, max_size=90),
    st.text("vps.-1", min_size=1, max_size=90),
)
def test_a_subject_is_short_and_keeps_its_verb(case: str, profile: str, host: str) -> None:
    items, expected = SUBJECTS[case]
    renamed = [one._replace(alert=one.alert._replace(labels={**one.alert.labels, "profile": profile})) for one in items]
    subject = compose(notification(*renamed), Recipient(host), NOW).subject
    assert len(subject) <= SUBJECT
    if "problem" not in items[0].alert.labels and len(items) == 1 and items[0].alert.labels.get("profile"):
        assert subject.startswith(expected.partition(":")[0] + ": ")


def expired(**changes: Any) -> Item:
    at = NOW - 3 * HOUR
    summary = f"OpenClaw token openai:default (agent main) expired {moment(at)} and does not renew itself."
    labels = {**LABELS, "provider": "openai", "profile": "openai:default", "kind": "token"}
    usual = {"level": Level.NOW, "labels": labels, "summary": summary, "remedy": COMMAND, "cause": Cause.EXPIRED}
    return item(ends_in=-3 * HOUR, **(usual | changes))


def test_the_body_says_what_to_do_then_why_then_the_command_then_the_others() -> None:
    other = item(ends_in=50 * HOUR, key="b")
    text = compose(notification(other, expired()), STOCKHOLM._replace(page="https://aw.example/"), NOW).text
    assert text.splitlines() == [
        "Log in again: openai:default (OpenClaw, agent main)",
        "Expired 3 h ago (Sun 22 Nov, 11:00 CET) and does not renew itself.",
        "On vps-1 run:",
        COMMAND,
        "Also: anthropic:default expires in 2 days.",
        "https://aw.example/",
    ]


@pytest.mark.parametrize("command", ["openclaw models auth", "tool 'a  b' \"c\" $HOME", "a && b", "X=~/y tool"])
def test_where_ssh_leads_there_the_command_begins_with_it_and_works(command: str) -> None:
    lines = compose(
        notification(expired(remedy=command)), RECIPIENT._replace(ssh="ops@vps-1.lan"), NOW
    ).text.splitlines()
    assert lines[2] == "Run:"
    *ssh, host, remote = shlex.split(lines[3])
    assert (ssh, host) == (["ssh", "-t"], "ops@vps-1.lan")
    assert remote.endswith(command)


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        (How.PASTE, "token", "Have the new token ready to paste."),
        (How.PASTE, "api_key", "Have the new key ready to paste."),
        (How.BROWSER, "oauth", "You need a browser, on any device."),
        (How.BROWSER_THERE, "oauth", "You need a browser on vps-1."),
        (How.COMMAND, "oauth", "does not renew itself."),
    ],
)
def test_what_a_person_needs_at_hand_is_said_with_the_reason(how: How, kind: str, words: str) -> None:
    one = expired(how=how)
    one = one._replace(alert=one.alert._replace(labels={**one.alert.labels, "kind": kind}))
    assert say(notification(one)).text.splitlines()[1].endswith(words)


def test_a_remedy_in_words_is_a_sentence_and_not_a_command() -> None:
    one = expired(how=How.WORDS, remedy="Ask Anna for a new certificate.")
    message = say(notification(one))
    assert message.text.splitlines() == [
        "Ask Anna for a new certificate.",
        "OpenClaw token openai:default (agent main) expired 3 h ago (Sun 22 Nov, 10:00 UTC) and does not renew itself.",
    ]
    assert "<pre>" not in message.html


def test_a_remark_on_the_command_stands_below_it() -> None:
    one = expired(remedy=f"{COMMAND}\n(if it was removed on purpose: authwatch forget k)")
    lines = say(notification(one)).text.splitlines()
    assert lines[3:] == [COMMAND, "(if it was removed on purpose: authwatch forget k)"]


@pytest.mark.parametrize("items", [[item()], [expired()], [RESOLVED], [expired(), item(key="b")]])
def test_a_body_has_six_lines_at_most_and_each_moment_once(items: list[Item]) -> None:
    recipient = STOCKHOLM._replace(page="https://aw.example/")
    text = compose(notification(*items), recipient, NOW).text
    assert len(text.splitlines()) <= 6
    dates = re.findall(r"\d{1,2} [A-Z][a-z]{2}(?: \d{4})?, \d\d:\d\d", text)
    assert dates
    assert len(dates) == len(set(dates))


def test_the_command_stands_on_a_line_of_its_own_in_every_form() -> None:
    message = say(notification())
    assert COMMAND in message.text.splitlines()
    assert COMMAND in message.markdown.splitlines()
    assert f"<pre>{hypertext(COMMAND)}</pre>" in message.html


def test_a_deadline_that_the_sentence_does_not_name_is_named_beside_it() -> None:
    said = "The login ends, and no refresh extends it."
    assert f"Expires in 3 days (Wed 25 Nov, 14:00 UTC). {said}" in say(notification()).text.splitlines()
    assert f"Expired 5 h ago (Sun 22 Nov, 08:00 UTC). {said}" in say(notification(DEAD)).text.splitlines()


BACK = {
    "logged in, with an end": (Cause.EXPIRED, "oauth", 40 * DAY, "logged in again; expires Fri 1 Jan 2027, 14:00 CET"),
    "renews itself": (Cause.EXPIRED, "oauth", None, "renews itself again"),
    "a stall is over": (Cause.STALLED, "oauth", None, "renews itself again"),
    "a key": (Cause.REJECTED, "api_key", None, "works again"),
    "after a rejection": (Cause.REJECTED, "oauth", None, "logged in again"),
    "readable": (Cause.UNREADABLE, "oauth", None, "readable again"),
    "credit": (Cause.CREDIT, "api_key", None, "has credit again"),
}


@pytest.mark.parametrize("case", BACK)
def test_what_is_back_to_normal_says_why_and_until_when_once_and_asks_for_nothing(case: str) -> None:
    cause, kind, ends_in, words = BACK[case]
    end = NOW + ends_in if ends_in else None
    summary = (
        f"{NAME} (openclaw, agent main) is OK{f', expires {moment(end)}' if end else ''}. Agents main and a have it."
    )
    labels = {**LABELS, "kind": kind}
    one = item(Reason.RESOLVED, level=Level.FINE, summary=summary, cause=cause, labels=labels, remedy=COMMAND)
    one = one._replace(alert=one.alert._replace(login=Login(deadline=end)))
    message = compose(notification(one), STOCKHOLM, NOW)
    assert message.subject == f"Back to normal: {NAME} · vps-1"
    assert message.text.splitlines() == [
        f"Back to normal: {words}.",
        f"{NAME} (OpenClaw, agent main)",
        "Agents main and a have it.",
        "No action needed.",
    ]


@pytest.mark.parametrize(
    ("items", "level"),
    [([item(), DEAD], Level.NOW), ([item(), RESOLVED], Level.SOON), ([RESOLVED], Level.FINE)],
)
def test_the_level_is_the_worst_that_is_still_so(items: list, level: Level) -> None:
    assert say(notification(*items)).level is level


def test_more_conditions_than_fit_are_counted() -> None:
    items = tuple(item(key=f"k{n:05}", labels={**LABELS, "profile": f"p{n:05}"}) for n in range(10_000))
    message = compose(Notification("phone", items), RECIPIENT, NOW)
    for body in (message.text, message.markdown, message.html):
        assert len(body.encode()) <= LIMIT
        named = len(set(re.findall(r"p\d{5}", body)))
        assert 5 < named < 20
        assert f"; and {10_000 - named} more: authwatch status" in body
    assert message.subject == "10000 logins need you soon · vps-1"


def test_a_megabyte_in_every_field_makes_a_short_message() -> None:
    huge = "x\n" * 500_000
    labels = dict.fromkeys(LABELS, huge)
    message = compose(
        notification(item(labels=labels, summary=huge, remedy=huge, key=huge)), Recipient(huge, huge), NOW
    )
    assert len(message.subject) <= SUBJECT
    assert max(len(form.encode()) for form in (message.text, message.markdown, message.html)) < LIMIT


@pytest.mark.parametrize("command", ["right \u202e left", "c" * 5000, "bell\a"])
def test_a_command_that_would_have_to_be_changed_is_not_shown(command: str) -> None:
    text = say(notification(item(remedy=command))).text
    assert command[:4] not in text.splitlines()
    assert "authwatch status" in text


def test_a_command_with_several_spaces_is_shown_as_it_is() -> None:
    assert "tool 'a  b'" in say(notification(item(remedy="tool 'a  b'"))).text.splitlines()


def test_an_alert_without_news_and_a_notice_are_messages_too() -> None:
    assert say(Notification("phone", ())).subject == "Nothing to report · vps-1"
    message = notice("Test", ["If you read this, <it> works."], RECIPIENT)
    assert message.subject == "Test · vps-1"
    assert "&lt;it&gt;" in message.html


TRICKS = st.text(st.sampled_from("ab1.)-+=#>*_`~|[]()!<&;\\ \n\t:/@\u202e\u2028\x1b\"'$é漢")) | st.text()


@given(TRICKS, TRICKS, TRICKS)
def test_no_id_brings_control_characters_or_lines_into_a_subject(profile: str, agent: str, host: str) -> None:
    one = item(labels={"profile": profile, "agent": agent})
    subject = compose(notification(one), Recipient(host), NOW).subject
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
    one = item(labels={"profile": profile}, summary=summary)
    body = compose(notification(one), RECIPIENT._replace(page="https://aw.example/?a=1&b"), NOW).html
    link = '<a href="https://aw.example/?a=1&amp;b">'
    assert set(re.findall(r"<[^>]*>", body)) <= {"<p>", "</p>", "<b>", "</b>", "<pre>", "</pre>", link, "</a>"}


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
