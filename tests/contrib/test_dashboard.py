"""The dashboard for Grafana: every query of it, asked of a real Prometheus that scrapes a real daemon."""

import json
import re
import time
from pathlib import Path

from monitor.metrics.exposition import body
from tests.metrics.worlds import FACTS, NOW, WORLD
from tests.serve.conftest import leave, wait_for

DASHBOARD = json.loads((Path(__file__).parents[2] / "contrib/grafana/authwatch.json").read_text())
VARIABLES = {"$instance": ".*", "$agent": ".*", "$__rate_interval": "1m"}


def queries():
    """Every query of the dashboard, as Grafana would send it, under the title of its panel."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            query = target["expr"]
            for name, value in VARIABLES.items():
                query = query.replace(name, value)
            yield panel["title"], query


def of_today(text):
    """A body of metrics with its moments moved to today."""
    moved = time.time() - NOW.timestamp()
    return re.sub(
        r"(?m)^(authwatch_\w+_timestamp_seconds\S*(?:\{.*\})?) ([0-9.]+)$",
        lambda found: f"{found[1]} {float(found[2]) + moved:.3f}",
        text,
    )


def test_every_query_gives_what_its_panel_shows(daemon, prometheus, tmp_path):
    """Every query gives what its panel shows."""
    leave(tmp_path / "left", deliveries={"phone": {"delivered": 1}})
    (tmp_path / "left/metrics.prom").write_text(of_today(body(WORLD, FACTS)))
    query = prometheus(daemon(f"cp {tmp_path}/left/* {tmp_path}/state/", password="word", interval=1).client().address)
    wait_for(lambda: query('increase(authwatch_checks_total{result="ok"}[1m]) > 0'), 45)
    for title, text in queries():
        assert query(text), (title, text)


def test_needs_are_numbers_that_the_mappings_name(daemon, prometheus, tmp_path):
    """What a login needs is one number for each, and the mappings name it."""
    leave(tmp_path / "left")
    query = prometheus(daemon(f"cp {tmp_path}/left/* {tmp_path}/state/", password="word").client().address)
    (text,) = [text for title, text in queries() if title == "Logins over time"]
    wait_for(lambda: query(text), 30)
    found = {one["metric"]["profile"]: one["value"][1] for one in query(text)}
    assert found == {"anthropic:me@example.org": "0", "anthropic:gone": "3", "anthropic:held": "2"}
    (panel,) = [one for one in DASHBOARD["panels"] if one["title"] == "Logins over time"]
    named = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
    assert {number: one["text"] for number, one in named.items()} == {
        "0": "ok",
        "1": "soon",
        "2": "unknown",
        "3": "now",
    }


def test_the_dashboard_holds_together():
    """The dashboard holds together: no panel lies on another, each has its own number, one data source for all."""
    places = [one["gridPos"] for one in DASHBOARD["panels"]]
    cells = [
        (x, y)
        for one in places
        for x in range(one["x"], one["x"] + one["w"])
        for y in range(one["y"], one["y"] + one["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({one["id"] for one in DASHBOARD["panels"]}) == len(places)
    assert {one["datasource"]["uid"] for one in DASHBOARD["panels"]} == {"${datasource}"}
