"""The same history on a real PostgreSQL: the whole check."""

from __future__ import annotations

import threading

from sqlalchemy.engine import make_url

from alerts import store
from monitor.history import engine, known, tables
from tests.command import authwatch, configure
from tests.history.conftest import until
from tests.openclaw_home import DAY, HOUR, oauth, openclaw, token
from tests.receivers import web


def test_a_check_remembers_and_tells_once_with_postgresql(tmp_path, database):
    """A check remembers and tells once with PostgreSQL as its history."""
    with web() as phone:
        openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
        url = phone.url("json", "json/phone")
        configure(tmp_path, f"history: {{url: '{database}'}}\nchannels: {{phone: {{url: '{url}'}}}}\n")
        for _ in range(2):
            done = authwatch(tmp_path, "check")
            assert done.code == 2, done.err
        openclaw(tmp_path, {"anthropic:default": token(ends_in=-DAY)})
        assert authwatch(tmp_path, "check").code == 1
        assert len(phone.received) == 2
    changes = authwatch(tmp_path, "history", "--json").json["transitions"]
    assert [one["after"] for one in changes] == ["expiring", "expired"]
    assert "FAKESECRET" not in authwatch(tmp_path, "doctor").out


def test_a_server_that_is_gone_stops_no_check(tmp_path):
    """A server that cannot be reached: the verdict is told all the same, and why it was not recorded."""
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-DAY)})
    configure(tmp_path, "history: {url: 'postgresql+psycopg://aw:FAKESECRET@127.0.0.1:1/none'}\n")
    done = authwatch(tmp_path, "check")
    assert done.code == 1
    assert "history cannot be used" in done.err
    assert "FAKESECRET" not in done.err + done.out


def test_past_renewals_and_log_ins_are_asked_of_postgresql_as_well(tmp_path, database):
    """The questions about the past are the same for PostgreSQL: its rhythm on the page, what is ahead in a list."""
    configure(tmp_path, f"host: box\nhistory: {{url: '{database}'}}\n")
    for number in range(5):
        openclaw(tmp_path, {"anthropic:renewed": oauth(HOUR * (number + 1), refresh=f"ref-FAKESECRET-{number}")})
        assert authwatch(tmp_path, "check").code == 0
    page = authwatch(tmp_path, "explain", "openclaw/main/anthropic:renewed")
    assert "the median of 3 gaps between renewals" in " ".join(page.out.split()), page.err
    ahead = authwatch(tmp_path, "history", "--next", "30d")
    assert (ahead.code, ahead.out) == (0, "No login needs renewing in the next 30 days, as far as is known.\n"), (
        ahead.err
    )


def test_a_check_and_a_request_never_write_at_the_same_time(postgres, database):
    """Whoever comes second waits for the other's commit, and reads what it wrote."""
    metadatas = (tables.METADATA, store.METADATA)
    order = []

    def ask() -> None:
        second = engine.opened(make_url(database), metadatas)
        with second.begin() as db:
            engine.hold(db)
            order.append(known.get_meta(db, "owner"))
        second.dispose()

    first = engine.opened(make_url(database), metadatas)
    with first.begin() as db:
        known.put_meta(db, "owner", "nobody")
    thread = threading.Thread(target=ask)
    with first.begin() as db:
        engine.hold(db)
        thread.start()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        until("a waiting lock", lambda: postgres.ask(waiting)[0][0] == 1)
        known.put_meta(db, "owner", "somebody")
        assert order == []
    thread.join()
    first.dispose()
    assert order == ["somebody"]
