"""The daemon of the tests of serve, and Prometheus."""

from tests.prometheus import prometheus_fixture
from tests.serve.conftest import daemon

__all__ = ["daemon", "prometheus_fixture"]
