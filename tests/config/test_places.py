"""Where the config is looked for, and that every look is noted."""

from pathlib import Path

import pytest

from monitor.config.load import ConfigError, load
from monitor.config.settings import Settings
from monitor.system.host import Host


def _write(path: Path, host: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"host: {host}")
    return path


def test_the_nearest_place_wins(tmp_path: Path) -> None:
    env = {
        "AUTHWATCH_CONFIG": str(_write(tmp_path / "named.yaml", "named")),
        "CONFIGURATION_DIRECTORY": f"{tmp_path}/empty:{_write(tmp_path / 'unit' / 'config.yaml', 'unit').parent}",
        "XDG_CONFIG_HOME": str(_write(tmp_path / "xdg" / "authwatch" / "config.yaml", "xdg").parent.parent),
    }
    _write(tmp_path / ".config" / "authwatch" / "config.yaml", "home")
    explicit = _write(tmp_path / "explicit.yaml", "explicit")
    assert load(Host(tmp_path, env), explicit).host == "explicit"
    for name, host in (("AUTHWATCH_CONFIG", "named"), ("CONFIGURATION_DIRECTORY", "unit"), ("XDG_CONFIG_HOME", "xdg")):
        assert load(Host(tmp_path, env)).host == host
        del env[name]
    assert load(Host(tmp_path, env)).host == "home"


def test_without_a_file_the_defaults_hold_and_the_absence_is_noted(tmp_path: Path) -> None:
    host = Host(tmp_path, {"CONFIGURATION_DIRECTORY": f"{tmp_path}/a:{tmp_path}/b"})
    assert load(host) == Settings()
    for place in ("a/config.yaml", "b/config.yaml", ".config/authwatch/config.yaml"):
        assert host.touches[str(tmp_path / place)] is None
    assert {"AUTHWATCH_CONFIG", "CONFIGURATION_DIRECTORY", "XDG_CONFIG_HOME"} <= set(host.asked)


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    for host, explicit in (
        (Host(tmp_path, {}), tmp_path / "gone.yaml"),
        (Host(tmp_path, {"AUTHWATCH_CONFIG": "~/gone.yaml"}), None),
    ):
        with pytest.raises(ConfigError) as error:
            load(host, explicit)
        assert error.value.problems == (f"{tmp_path}/gone.yaml: no such file",)


def test_a_folder_or_a_binary_file_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00FAKESECRET")
    for path in (tmp_path, tmp_path / "binary"):
        with pytest.raises(ConfigError, match=f"^{path}: cannot be read: ") as error:
            load(Host(tmp_path, {}), path)
        assert "FAKESECRET" not in str(error.value)


def test_a_relative_xdg_folder_is_ignored(tmp_path: Path) -> None:
    _write(tmp_path / ".config" / "authwatch" / "config.yaml", "home")
    assert load(Host(tmp_path, {"XDG_CONFIG_HOME": "etc"})).host == "home"


def test_without_a_file_no_yaml_is_imported(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from monitor.system.host import Host; from monitor.config.load import load;"
        f"load(Host(Path({str(tmp_path)!r}), {{}})); print('yaml' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
