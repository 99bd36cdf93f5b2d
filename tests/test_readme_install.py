"""What README says about installing is done as it stands there, from a clone, without an index or a network."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.command import ROOT

README = (ROOT / "README.md").read_text("utf-8")
PROJECT = ("monitor", "alerts", "systemd", "termux", "pyproject.toml", "README.md", "LICENSE")
ADDRESS = "https://github.com/authwatch/authwatch"


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def blocks(text: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def with_tool(block: str, tool: str) -> str:
    """The block for one of both tools: `pipx …  # or: uv …`."""
    lines = []
    for line in block.splitlines():
        first, _, other = line.partition("# or: ")
        lines.append(other if other and tool == "uv" else first)
    return "\n".join(lines)


def found(name: str) -> str | None:
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For each package that authwatch needs, a wheel with nothing but a pointer to the one that is installed here."""
    folder = tmp_path_factory.mktemp("wheels")
    wanted = [line for line in importlib.metadata.requires("authwatch") or () if "extra ==" not in line]
    here = f"import site; site.addsitedir({sysconfig.get_paths()['purelib']!r})\n"
    for line in [*wanted, "hatchling"]:
        name = re.split(r"[^\w.-]", line)[0]
        stem = f"{name.replace('-', '_')}-{importlib.metadata.version(name)}"
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {importlib.metadata.version(name)}\n"
        kind = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        info = f"{stem}.dist-info"
        files = {f"{name}_here.pth": here, f"{info}/METADATA": about, f"{info}/WHEEL": kind}
        files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
        with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            for path, text in files.items():
                wheel.writestr(path, text)
    return folder


class Shell:
    """A new user's shell: an empty home, the project at its address, no index and no network."""

    def __init__(self, place: Path, wheels: Path, *tools: str) -> None:
        self.home, self.folder, self.upstream = place / "home", place, place / "upstream"
        programs = place / "programs"
        for path in (self.home, programs, self.upstream):
            path.mkdir()
        for name in ("python3", *tools):
            (programs / name).symlink_to(sys.executable if name == "python3" else str(found(name)))
        for name in (".bashrc", ".profile"):
            (self.home / name).touch()
        for name in PROJECT:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, self.upstream / name)
        self.environ = {
            "HOME": str(self.home),
            "SHELL": "/bin/bash",
            "PATH": f"{programs}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            **{"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull},
            **{"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(wheels), "UV_OFFLINE": "1", "UV_NO_CONFIG": "1"},
            **{"UV_PYTHON": sys.executable, "PIPX_DEFAULT_PYTHON": sys.executable},
            **{
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": f"url.{self.upstream}.insteadOf",
                "GIT_CONFIG_VALUE_0": ADDRESS,
            },
            **{f"GIT_{who}_{what}": "a@b.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        self.run("git init -q -b main && git add -A && git commit -qm first", self.upstream)

    def run(self, script: str, folder: Path | None = None) -> str:
        """Runs a script to its end; what it said."""
        done = subprocess.run(
            ["bash", "-euc", script],
            env=self.environ,
            cwd=folder or self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def in_a_new_terminal(self, script: str) -> str:
        """The same after the profile was read anew."""
        profiles = "for one in ~/.profile ~/.bash_profile ~/.bashrc; do test ! -e $one || . $one; done"
        return self.run(f"set +u; {profiles}; {script}")

    def released(self, version: str) -> None:
        """A new version is there to be pulled."""
        path = self.upstream / "monitor/__init__.py"
        path.write_text(re.sub(r'(__version__ = )".*"', rf'\1"{version}"', path.read_text("utf-8")), "utf-8")
        self.run(f"git commit -qam {version}", self.upstream)


@pytest.mark.parametrize("tool", ["pipx", "uv"])
def test_it_is_installed_updated_and_uninstalled_as_readme_says(tmp_path: Path, wheels: Path, tool: str) -> None:
    tools = ("pipx", "uv") if tool == "pipx" else ("uv",)  # without uv, pipx asks an index for pip
    if missing := [name for name in tools if not found(name)]:
        pytest.skip(f"no {' and no '.join(missing)} here")
    install, update, uninstall = (with_tool(block, tool) for block in blocks(section("Install it")))
    shell = Shell(tmp_path, wheels, *tools)
    shell.run(install)
    assert "authwatch 9.9.9" not in shell.in_a_new_terminal("authwatch --version")
    assert "openai:default" in shell.in_a_new_terminal("authwatch demo")
    shell.released("9.9.9")
    shell.run(update, tmp_path / "authwatch")
    assert shell.in_a_new_terminal("authwatch --version") == "authwatch 9.9.9\n"
    shell.in_a_new_terminal(uninstall.replace("authwatch uninstall", "authwatch uninstall --dry-run", 1))
    assert "gone" in shell.in_a_new_terminal("command -v authwatch || echo gone")


def test_the_line_that_shows_it_at_work_does(tmp_path: Path, wheels: Path) -> None:
    (line,) = blocks(section("See it work"))
    shell = Shell(tmp_path, wheels)
    assert "openai:default" in shell.run(line, shell.upstream)


def test_the_line_for_developers_is_what_ci_runs() -> None:
    (line,) = blocks(section("Develop"))
    assert line.strip() in (ROOT / ".ci/run").read_text("utf-8").splitlines()


def test_no_other_command_of_readme_goes_untried() -> None:
    """What is neither tried here nor by tests/test_docs.py, which runs the commands of authwatch itself."""
    here = {*blocks(section("Install it")), *blocks(section("See it work")), *blocks(section("Develop"))}
    others = [line for block in blocks(README) if block not in here for line in block.splitlines()]
    assert [line for line in others if not line.startswith("authwatch ")] == []


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= 130
