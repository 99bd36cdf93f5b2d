"""The page about the metrics, made from the code: `python -m tests.metrics.reference > docs/metrics.md`."""

from collections import defaultdict

from prometheus_client.parser import text_string_to_metric_families

from alerts.model import Outcome
from monitor.metrics.exposition import TEXT, body
from monitor.model import Answer, Need, Problem, State
from monitor.serve.daemon_metrics import Counters
from tests.metrics.worlds import FACTS, WORLD

HEAD = """\
# Metrics

<!-- Made by `python -m tests.metrics.reference`; a test holds it to the code. -->

The daemon (`authwatch serve`) serves `/metrics` in the Prometheus text format, or in OpenMetrics if the client asks for
it, both with gzip. Without the daemon, `authwatch check --textfile FILE` writes the same metrics for node_exporter, except
those of the daemon itself. Times are Unix time in seconds, never countdowns: if the exporter stops, no login looks healthier
than it is.

A login that is expected but missing keeps its series, with `state="missing"` and `needs_human="now"`. Only logins that were
forgotten or moved lose theirs. If a store is unreadable, the times stay, `state` and `needs_human` become `unknown`, and the
last success of its source does not change. With `privacy: masked` the label `profile` contains no email address.

[contrib](../contrib) has alerting rules, an example for Alertmanager and a dashboard. The [runbook](runbook.md) says what to
do when a rule fires. To scrape the metrics:

```yml
scrape_configs:
  - job_name: authwatch  # keep "authwatch" in the name, the rules look for it
    static_configs: [{targets: ["127.0.0.1:9797"]}]
    # if web.password_file is set:
    # basic_auth: {username: prometheus, password_file: /etc/prometheus/authwatch.password}
```
"""


def page() -> str:
    """The whole page."""
    of_a_pass = families(body(WORLD, FACTS))
    own = {
        name: one
        for name, one in families(Counters(["phone"]).exposition(TEXT).decode()).items()
        if name not in of_a_pass
    }
    ours = {name: one for name, one in own.items() if name.startswith("authwatch_")}
    others = sorted(set(own) - set(ours))
    return "\n".join(
        [
            HEAD,
            "## Metrics of every check\n",
            *table(of_a_pass),
            "\n## Metrics of the daemon\n",
            *table(ours),
            f"\nThe usual metrics of a Python process are there too: {', '.join(f'`{name}`' for name in others)}.",
            "\n## Label values\n",
            "| label | values |",
            "|---|---|",
            *(f"| `{label}` | {', '.join(f'`{one}`' for one in values)} |" for label, values in LISTS.items()),
            "",
        ]
    )


LISTS = {
    "state": State,
    "needs_human": Need,
    "problem": Problem,
    "outcome": Outcome,
    "probe_outcome": Answer,
    "result": ("ok", "findings", "failed"),
}


def families(text):
    """Name, type, help and labels of every family in a body."""
    found = {}
    for family in text_string_to_metric_families(text):
        labels = defaultdict(None)
        for sample in family.samples:
            labels.update(dict.fromkeys(sample.labels))
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found[name] = (family.type, family.documentation, list(labels))
    return found


def table(found):
    yield "| metric | type | labels | meaning |"
    yield "|---|---|---|---|"
    for name, (kind, meaning, labels) in found.items():
        yield f"| `{name}` | {kind} | {', '.join(labels) or '–'} | {meaning} |"


if __name__ == "__main__":
    print(page(), end="")
