"""What a check makes of findings: judged, printed, measured, told, recorded; odd findings must survive all of it."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.engine import URL

from alerts import memory, notify, store
from alerts.message import Recipient, compose
from alerts.model import Channel, Level
from monitor.check import status
from monitor.check.collect import CheckOptions, digest
from monitor.cli.status_text import nagios, text
from monitor.config.settings import Settings
from monitor.history import changes, known
from monitor.history.engine import connect, prepare
from monitor.history.tables import METADATA
from monitor.judge.conditions import conditions
from monitor.judge.judge import judge
from monitor.judge.wording import mask
from monitor.metrics.definitions import Facts
from monitor.metrics.exposition import body
from monitor.model import Finding, Judgement, Policy
from monitor.system.host import Host
from tests.fuzz.engine import Leak
from tests.fuzz.mutate import MARK

KEY_ID = "fuzz"
RULES = memory.Rules(timedelta(minutes=10), (timedelta(days=1),))
CHANNELS = (Channel("phone", Level.INFO, {}, "address"),)


class Journey:
    """The way of findings through a check; what the good findings were is known from before."""

    def __init__(self, good: Sequence[Finding], now: datetime) -> None:
        self.now = now
        first = judge(good, {}, Policy(), now - timedelta(hours=2))
        self.known = changes.changes(first, {}, now - timedelta(hours=2)).rows
        self.engine = connect(URL.create("sqlite", database=":memory:"))
        prepare(self.engine, (METADATA, store.METADATA))

    def go(self, findings: Sequence[Finding], host: Host, dice: random.Random, shown: bool) -> None:
        """Part of the way every time, the dear parts now and then."""
        judgement = judge(findings, self.known, Policy(), self.now, frozenset(host.touches))
        document = status.document(judgement, at=self.now, host="box", known=self.known)
        said = json.dumps(document, ensure_ascii=False) + text(document, color=False)
        if dice.random() < 0.25:
            said += self._told(judgement, dice) + nagios(document)[0]
            digest(CheckOptions(Settings()), tuple(findings), host, self.now)
        if dice.random() < 0.03:
            self._recorded(judgement)
        said.encode()
        if MARK in said and not shown:
            raise Leak(said[max(0, said.index(MARK) - 100) : said.index(MARK) + 60])

    def _told(self, judgement: Judgement, dice: random.Random) -> str:
        privacy = dice.choice(("full", "masked"))
        seen = conditions(judgement, host="box", privacy=privacy, now=self.now)
        planned = notify.plan(memory.Memory(), seen, CHANNELS, RULES, self.now)
        messages = [repr(compose(notification, Recipient("box"), self.now)) for notification in planned.notifications]
        return "".join([*messages, body(judgement, Facts(), mask if privacy == "masked" else str)])

    def _recorded(self, judgement: Judgement) -> None:
        with self.engine.connect() as db, db.begin() as transaction:
            changes.write(db, changes.changes(judgement, {}, self.now), KEY_ID)
            known.read(db, KEY_ID)
            transaction.rollback()
