"""A config file in a home, loaded."""

from collections.abc import Mapping
from pathlib import Path

from monitor.config.load import ConfigError, load
from monitor.config.settings import Settings
from monitor.system.host import Host


def settings_of(root: Path, text: str | bytes, env: Mapping[str, str] | None = None) -> Settings:
    """The settings of a config with this text."""
    file = root / "config.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(0o600)
    return load(Host(root, env or {}), file)


def wrong(root: Path, text: str | bytes, env: Mapping[str, str] | None = None) -> list[str]:
    """What is wrong with a config of this text, without the file's name."""
    try:
        settings_of(root, text, env)
    except ConfigError as error:
        start = f"{root}/config.yaml:"
        assert all(problem.startswith(start) for problem in error.problems)
        return [problem.removeprefix(start) for problem in error.problems]
    return []
