"""The table of docs/probes.md from PROBES: `python -m tests.probes.page` writes it between its marks."""

from __future__ import annotations

from monitor.model import Kind
from monitor.probes import PROBES, ProbeType
from tests.command import ROOT

PAGE = ROOT / "docs" / "probes.md"
BEGIN, END = "<!-- table: python -m tests.probes.page -->\n", "<!-- end of table -->"


def table() -> str:
    """One line a provider: what is asked, with what, and what it tells beside valid or not."""
    lines = ["| `probe:` | one GET to | with | tells beside valid or not |", "|---|---|---|---|"]
    for name, row in PROBES.items():
        lines.append(f"| `{name}` | `{row.url}{row.path}` | {_with(row)} | {row.tells or '–'} |")
    return "\n".join(lines) + "\n"


def _with(row: ProbeType) -> str:
    if row.begins:
        return "tokens that begin " + ", ".join(f"`{one}`" for one in row.begins)
    if row.kinds == (Kind.API_KEY,):
        return "API keys"
    but = ", ".join(f"`{one}`" for one in row.never)
    return "API keys and access tokens" + (f", none that begins {but}" if but else "")


def main() -> None:
    """Writes the table into the page."""
    head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}{table()}{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    main()
