"""Every command in README and docs is run, every config in them is loaded, every link leads somewhere."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime

import pytest

from monitor.cli.app import COMMANDS
from monitor.setup.demo_home import furnish
from tests.command import ROOT, authwatch

PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def commands() -> list[tuple[str, str]]:
    """The authwatch commands of all pages, without comments and continuations."""
    found = []
    for page in PAGES:
        if page.name == "write-a-source.md":  # tests/sources/test_write_a_source.py runs it as a whole
            continue
        for language, body in FENCE.findall(page.read_text("utf-8")):
            if language in ("sh", "console"):
                for line in body.replace("\\\n", " ").splitlines():
                    if language == "console" and not line.startswith("$ "):
                        continue
                    text = line.removeprefix("$ ").split(" #")[0].strip()
                    if text.startswith("authwatch "):
                        found.append((page.name, text))
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(("page", "line"), commands(), ids=lambda value: value)
def test_a_command_of_the_documentation_runs(tmp_path, page, line):
    """A command of the documentation runs and leaves with one of the contract's codes."""
    config = furnish(tmp_path, datetime.now(UTC))
    words = shlex.split(line)[1:]
    if words[0] in ("install", "uninstall"):
        words.append("--dry-run")
    if words[0] == "serve" or "--watch" in words or words[0] in ("onboard", "relogin"):
        words = [words[0], "--help"]
    done = authwatch(tmp_path, *words, env={"AUTHWATCH_CONFIG": str(config)})
    assert done.code in (0, 1, 2, 3), (page, line, done.err)
    assert "Traceback" not in done.err
    assert "usage" not in done.err


def test_every_config_of_the_documentation_is_valid(tmp_path):
    """Every YAML block with known keys is loaded without an error."""
    count = 0
    word = tmp_path / ".config/authwatch/web.password"
    word.parent.mkdir(parents=True)
    word.write_text("word\n", "utf-8")
    word.chmod(0o600)
    for page in PAGES:
        for language, body in FENCE.findall(page.read_text("utf-8")):
            if language == "yaml":
                count += 1
                path = tmp_path / "config.yaml"
                path.write_text(body, "utf-8")
                path.chmod(0o600)
                secret = tmp_path / "mail.url"
                secret.write_text("json://127.0.0.1/\n", "utf-8")
                word = tmp_path / ".config" / "authwatch" / "web.password"
                word.parent.mkdir(parents=True, exist_ok=True)
                word.write_text("a word\n", "utf-8")
                done = authwatch(tmp_path, "config", "check", "--config", path, env={"NTFY_TOPIC": "x"})
                assert done.code == 0, (page.name, done.err)
    assert count


def test_every_relative_link_leads_somewhere():
    """Every relative link leads somewhere."""
    for page in PAGES:
        for target in LINK.findall(page.read_text("utf-8")):
            assert (page.parent / target).exists(), (page.name, target)


def test_the_help_lists_every_command(tmp_path):
    """The help lists every command."""
    text = authwatch(tmp_path, "--help").out
    assert all(f"  {name} " in text for name in COMMANDS)


def test_nothing_in_the_project_names_a_private_place():
    """No page or module carries an absolute path of somebody's machine."""
    for path in [*PAGES, *ROOT.glob("monitor/**/*.py"), *ROOT.glob("alerts/**/*.py")]:
        assert not re.search(r"/(root|work|home/(?!bot2|x\b)\w+)/", path.read_text("utf-8")), path


#: There is no release on a package index, and npm -g is wrong under nvm, on Termux and where root owns the prefix.
INSTALLS = re.compile(
    r"\b(pip3?|pipx|uv tool|uvx) (install|run|upgrade)( -\S+)* [\"']?authwatch\b(?!/)|npm (i|install) (-g|--global)"
)


def test_nothing_recommends_an_installation_that_does_not_work():
    """Nothing in the product, its pages and its pieces says to install what is on no index, or anything with npm -g."""
    kinds = (
        "*.py",
        "*.md",
        "*.sh",
        "*.js",
        "*.yaml",
        "*.yml",
        "*.html",
        "*.service",
        "*.conf",
        "*.cfg",
        "Containerfile",
    )
    places = ("monitor", "alerts", "contrib", "docs", "systemd", "termux")
    files = [path for place in places for kind in kinds for path in (ROOT / place).rglob(kind)]
    assert len(files) > 200
    for path in [*files, *PAGES, *(ROOT / "termux").rglob("*")]:
        if path.is_file():
            found = INSTALLS.search(path.read_text("utf-8"))
            assert not found, (path, found)


def test_the_recipes_name_what_there_is():
    """Each path and each module in the recipes for contributors is there."""
    told = re.findall(r"`([^`\n]+)`", (ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    paths = [
        word
        for word in told
        if re.fullmatch(r"(\.ci|monitor|alerts|tests|docs|contrib)/[\w/.-]+", word) and "NAME" not in word
    ]
    modules = [found[1] for word in told if (found := re.search(r"python -m ([\w.]+)", word))]
    assert len(paths) > 15
    assert len(modules) > 4
    assert [path for path in paths if not (ROOT / path).exists()] == []
    places = {module: ROOT / module.replace(".", "/") for module in modules}
    assert [
        name
        for name, path in places.items()
        if not path.with_suffix(".py").exists() and not (path / "__main__.py").exists()
    ] == []
