#!/usr/bin/env bash
# As on a phone: installs from source with compilers that always fail, then runs without the system's zoneinfo tree.
# Takes minutes and wants a package index, so it is not in the suite:  tests/soak/no-compiler.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
# PyYAML, MarkupSafe, charset-normalizer and SQLAlchemy have optional C parts; none may be needed.
export CC=/bin/false CXX=/bin/false RUSTC=/bin/false
"$place/venv/bin/pip" install -q --no-binary pyyaml,markupsafe,sqlalchemy .
mkdir "$place/home"
export HOME=$place/home PYTHONTZPATH=""
"$place/venv/bin/authwatch" demo >/dev/null
"$place/venv/bin/python" - <<'END'
import importlib.util, zoneinfo
import yaml
assert not yaml.__with_libyaml__, "a C part was built"
assert zoneinfo.ZoneInfo("Europe/Stockholm"), "tzdata from the index serves"
assert not zoneinfo.TZPATH
END
ls "$place"/venv/lib/python*/site-packages/monitor/setup/shipped/termux/install.sh
echo "no compiler and no zoneinfo tree were needed"
