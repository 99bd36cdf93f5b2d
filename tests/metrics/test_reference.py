"""The page about the metrics says what there is."""

from pathlib import Path

from monitor.check.outputs import RESULTS
from monitor.metrics.definitions import FAMILIES
from tests.metrics.reference import LISTS, families, page
from tests.metrics.worlds import FACTS, WORLD

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_what_the_code_says():
    """The page is what the code says."""
    assert (DOCS / "metrics.md").read_text() == page(), "python -m tests.metrics.reference > docs/metrics.md"


def test_every_family_has_a_sample_to_learn_its_labels_from():
    """Every family has a sample to learn its labels from."""
    from monitor.metrics.exposition import body

    found = families(body(WORLD, FACTS))
    assert set(found) == set(FAMILIES)
    without = {name for name, (_, _, labels) in found.items() if not labels}
    assert without == {"authwatch_check_last_success_timestamp_seconds", "authwatch_check_duration_seconds"}
    assert tuple(LISTS["result"]) == RESULTS
