# shellcheck shell=sh disable=SC2016  # the dollar signs in names are meant
# Run as root inside a booted systemd: each step's output goes to /out/NAME, its status to /out/NAME.rc.
useradd -u 7777 -m -s /bin/sh tester
home=/home/tester apps='/home/tester/my $HOME 100% "apps" \n'
mkdir -p "$apps" "$home/.openclaw"
echo '{"planted": "secret"}' >"$home/.openclaw/auth.json"
touch /tmp/of-the-machine
cat >"$apps/authwatch" <<'EOF'
#!/bin/sh
export PYTHONPATH=/opt/authwatch:/opt/site PYTHONDONTWRITEBYTECODE=1 LD_LIBRARY_PATH=/opt/python/lib
exec /opt/python/bin/python3 /opt/authwatch/tests/shell/fake_authwatch.py "$0" "$@"
EOF
chmod 755 "$apps/authwatch"; chown -R tester "$home"

as_tester() { runuser -u tester -- env -i HOME="$home" PATH=/usr/bin:/bin "$@"; }
user_systemctl() { as_tester XDG_RUNTIME_DIR=/run/user/7777 systemctl --user "$@"; }
step() { name=$1; shift; "$@" >"/out/$name" 2>&1; echo $? >"/out/$name.rc"; }
authwatch() { as_tester "$apps/authwatch" --config '/home/tester/$x %n.yaml' "$@"; }
units=$home/.config/systemd/user seen="$home/.local/state/auth \$HOME %h \"watch\" \\n/seen.jsonl"

step no-bus authwatch install
systemctl start systemd-logind
loginctl enable-linger tester
for _ in $(seq 50); do [ -S /run/user/7777/bus ] && break; sleep .1; done

step nothing-there authwatch uninstall
step dry-run authwatch install --dry-run
step after-dry-run ls "$home/.config"
step timer authwatch install
sleep 5
step timers user_systemctl list-timers --all
step verify as_tester XDG_RUNTIME_DIR=/run/user/7777 systemd-analyze --user verify --recursive-errors=yes \
  "$units/authwatch-check.service" "$units/authwatch-check.timer"
cp "$seen" /out/seen.jsonl
step again authwatch install
echo '# mine' >>"$units/authwatch-check.timer"
step changed authwatch install
step forced authwatch install --force
step daemon authwatch install --daemon
step ready python3 -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:9797/readyz").read().decode())'
step daemon-state user_systemctl show authwatch.service -p ActiveState -p StatusText -p WatchdogUSec -p NRestarts
echo '# mine' >>"$units/authwatch.service"
step uninstall-changed authwatch uninstall
step uninstall authwatch uninstall --force
step after-uninstall sh -c "ls -A '$units'; ls '$seen'"
step units-left user_systemctl list-units --all 'authwatch*' --no-legend

# A machine that forbids user namespaces.
mkdir -p /run/systemd/system/user@.service.d
printf '[Service]\nRestrictNamespaces=yes\n' >/run/systemd/system/user@.service.d/strict.conf
systemctl daemon-reload; systemctl restart user@7777
step without-sandbox authwatch install
step daemon-without-sandbox authwatch install --daemon
step strict-unit cat "$units/authwatch-check.service"
journalctl -b --no-pager >/out/journal 2>&1
true
