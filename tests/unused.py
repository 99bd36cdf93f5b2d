"""What nothing in the product calls by its name, and who does: names that vulture tells, each with its reason."""

EXPLAINED = {
    "exc_text": "logging formats a record by it",
    "stack_info": "logging formats a record by it",
    "ConnectionCls": "urllib3's pools make their connections of it",
    "impl": "SQLAlchemy's type of a column",
    "cache_ok": "SQLAlchemy asks each type of a column",
    "process_bind_param": "SQLAlchemy calls it with a value to be written",
    "process_result_value": "SQLAlchemy calls it with a value that was read",
    "_configure": "SQLAlchemy calls it for each new connection",
    "_begin": "SQLAlchemy calls it for each transaction",
    "_connect": "SQLAlchemy calls it for each new connection",
    "down_revision": "Alembic reads it in each migration",
    "hello": "a task of the child that reads files, by its name",
    "https_response": "urllib.request calls it for each answer",
    "renews": "the template of the page",
    "tells": "docs/probes.md is made from it",
    "ORDER": "docs/sources.md is made from it",
    "channel_class": "waitress makes its channels of it",
    "maintenance": "waitress calls it at every interval",
}
