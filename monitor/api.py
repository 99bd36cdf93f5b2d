"""What a source outside the project may import: these names stay, wherever they live inside.

`docs/write-a-source.md` says what each is for.
"""

from monitor.model import Credential, Evidence, Finding, Kind, Lineup, Observation, Problem, SourceEntry, Trouble, Use
from monitor.sources.location_variables import LocationValue, LocationVariable
from monitor.sources.store_files import StorePlace, json_store, secret, tokens, unclear, unread
from monitor.sources.timestamps import moment
from monitor.system.host import Host, Unreadable

__all__ = [
    "Credential",
    "Evidence",
    "Finding",
    "Host",
    "Kind",
    "Lineup",
    "LocationValue",
    "LocationVariable",
    "Observation",
    "Problem",
    "SourceEntry",
    "StorePlace",
    "Trouble",
    "Unreadable",
    "Use",
    "json_store",
    "moment",
    "secret",
    "tokens",
    "unclear",
    "unread",
]
