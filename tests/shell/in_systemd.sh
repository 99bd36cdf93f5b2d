# shellcheck shell=sh disable=SC2016  # the dollar signs in names are meant
# Run as root inside a booted systemd: each step's output goes to /out/NAME, its status to /out/NAME.rc.
useradd -u 7777 -m -s /bin/sh tester
home=/home/tester apps='/home/tester/my $HOME 100% "apps" \n'
export PYTHONPATH=/opt/authwatch:/opt/site PYTHONDONTWRITEBYTECODE=1 LD_LIBRARY_PATH=/opt/python/lib
python=/opt/python/bin/python3

as_tester() { runuser -u tester -- env -i HOME="$home" PATH=/usr/bin:/bin "$@"; }
user_systemctl() { as_tester XDG_RUNTIME_DIR=/run/user/7777 systemctl --user "$@"; }
step() { name=$1; shift; "$@" >"/out/$name" 2>&1; echo $? >"/out/$name.rc"; }
authwatch() { as_tester XDG_STATE_HOME="$home/my "'$HOME %h "state" \n' AUTHWATCH_CONFIG="$config" "$apps/bin/authwatch" "$@"; }
until_true() { for _ in $(seq "$1"); do sh -c "$2" >/dev/null 2>&1 && return 0; sleep .2; done; return 1; }

# An installation in a place with an odd name, as `python3 -m venv` makes it.
"$python" -m venv --without-pip "$apps"
cat >"$apps/bin/authwatch" <<'EOF'
#!/bin/sh
export PYTHONPATH=/opt/authwatch:/opt/site PYTHONDONTWRITEBYTECODE=1 LD_LIBRARY_PATH=/opt/python/lib
exec "${0%/*}/python3" -m monitor.cli.main "$@"
EOF
chmod 755 "$apps/bin/authwatch"
mkdir -p "$home/.config/authwatch" "$home/my configs"
config="$home/my configs/"'$x %n.yaml'
cat >"$config" <<'EOF'
interval: 2s
alerts: {deadline: 4s}
channels: {hook: {url_file: hook.url, at_least: soon}}
EOF
cp "$config" "$home/.config/authwatch/config.yaml"
cat >"$home/.config/authwatch/on-failure" <<'EOF'
#!/bin/sh
echo "the hook was told of $MONITOR_UNIT: $MONITOR_SERVICE_RESULT, $MONITOR_EXIT_STATUS"
EOF
chmod 755 "$home/.config/authwatch/on-failure"
touch /tmp/of-the-machine
chown -R tester "$home"
units=$home/.config/systemd/user state="$home/my "'$HOME %h "state" \n/authwatch'

# A gateway that owns a WAL store, whose login ended an hour ago, and somebody to tell.
runuser -u tester -- "$python" /opt/authwatch/tests/shell/gateway.py "$home" -1 >/out/gateway 2>&1 &
"$python" -m tests.receivers --http 8099 >/out/received 2>&1 &
echo 'json://127.0.0.1:8099/json/x' >"$home/hook.url"; chown tester "$home/hook.url"; chmod 600 "$home/hook.url"

step version systemctl --version
step no-bus authwatch install systemd
systemctl start systemd-logind
loginctl enable-linger tester
until_true 50 '[ -S /run/user/7777/bus ]'

everything() { find /etc/systemd /var/lib/systemd "$home" -xdev -not -path "*/my *" -not -path "$home/.openclaw*" | sort; }
step nothing-there authwatch uninstall systemd
step dry-run authwatch install systemd --dry-run
step after-dry-run ls "$units"
step before everything

# What a user adds with `systemctl --user edit`.
mkdir -p "$units/authwatch-check.service.d"
printf '[Service]\nLoadCredential=hook.url:%s\n' "$home/hook.url" >"$units/authwatch-check.service.d/override.conf"
chown -R tester "$home/.config"
step timer authwatch install systemd
sleep 5
step timers user_systemctl list-timers --all
step fired user_systemctl show authwatch-check.service -p Result -p ActiveState -p ExecMainStatus
step status authwatch status --json
step doctor-timer authwatch doctor --json
step places ls -A "$state" "$home/.local/state"
step touched ls -A "$home/.openclaw/state"
step verify as_tester XDG_RUNTIME_DIR=/run/user/7777 systemd-analyze --user verify --recursive-errors=yes --man=no \
  "$units/authwatch-check.service" "$units/authwatch-check.timer" "$units/authwatch-failure@x.service"
user_systemctl stop authwatch-check.timer
# What the sandbox of a check lets a program do.
sed -e 's|^ExecStart=.*|ExecStart=:/bin/sh /opt/authwatch/tests/shell/probe.sh|' "$units/authwatch-check.service" \
  >"$units/probe.service"
user_systemctl daemon-reload; user_systemctl start probe.service; rm "$units/probe.service"
step sandbox cat "$state/probe"; rm "$state/probe"
# An OpenClaw that only a variable names, among temporary files, of which a unit has its own.
located='/tmp/my "oc" %h'
mkdir -p "$located/agents/main/agent"
printf '{"version": 1, "profiles": {"anthropic:located": {"type": "token", "provider": "anthropic", "token": "planted-secret"}}}' \
  >"$located/agents/main/agent/auth-profiles.json"
chown -R tester "$located"
step located as_tester XDG_STATE_HOME="$home/other" OPENCLAW_STATE_DIR="$located" "$apps/bin/authwatch" install systemd
until_true 300 "test -e '$home/other/authwatch/status.json'"
user_systemctl stop authwatch-check.timer
step located-status cat "$home/other/authwatch/status.json"
step located-doctor as_tester XDG_STATE_HOME="$home/other" "$apps/bin/authwatch" doctor --json
rm -r "$home/other"
# A key that only the gateway is started with.
printf '[Service]\nEnvironmentFile=%%h/gateway.env\n' >"$units/openclaw-gateway.service"
echo OPENROUTER_API_KEY=planted-secret >"$home/gateway.env"
chown tester "$units/openclaw-gateway.service" "$home/gateway.env"; chmod 600 "$home/gateway.env"
step again authwatch install systemd
step gateway-status authwatch status --json
rm "$units/openclaw-gateway.service" "$home/gateway.env"
echo '# mine' >>"$units/authwatch-check.timer"
step changed authwatch install systemd
step forced authwatch install systemd --force

# A broken installation, twice, is red and says so once.
user_systemctl stop authwatch-check.timer
mv "$apps/bin/authwatch" "$apps/bin/gone"
user_systemctl start authwatch-check.service; user_systemctl start authwatch-check.service
step broken user_systemctl show authwatch-check.service -p Result -p ActiveState
mv "$apps/bin/gone" "$apps/bin/authwatch"
sleep 1
step doctor-broken authwatch doctor --json
step hook journalctl -b --no-pager -o cat _UID=7777 SYSLOG_IDENTIFIER=sh SYSLOG_IDENTIFIER=on-failure
step failures sh -c 'journalctl -b --no-pager -o cat -p crit _UID=7777'

mkdir /tmp/kept; cp "$units"/authwatch-check.service "$units"/authwatch-check.timer /tmp/kept
step daemon authwatch install systemd --daemon
step daemon-units sh -c "cd '$units' && ls -p | grep -v /"
step ready "$python" -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:9797/readyz").read().decode())'
# Both at once, as an older release left them.
cp /tmp/kept/* "$units"; chown tester "$units"/*; user_systemctl daemon-reload
user_systemctl start authwatch-check.timer
step doctor-both authwatch doctor --json
step doctor-elsewhere as_tester AUTHWATCH_CONFIG="$config" "$apps/bin/authwatch" doctor --json
user_systemctl stop authwatch-check.timer; user_systemctl clean --what=state authwatch-check.timer
rm "$units"/authwatch-check.timer "$units"/authwatch-check.service
user_systemctl daemon-reload
step daemon-state user_systemctl show authwatch.service -p ActiveState -p StatusText -p WatchdogUSec -p NRestarts

# A daemon that hangs. The user's own haste, so that the test need not wait.
mkdir -p "$units/authwatch.service.d"
printf '[Service]\nRestartSec=1\nTimeoutStopSec=2\n' >"$units/authwatch.service.d/override.conf"
user_systemctl daemon-reload
main=$(user_systemctl show authwatch.service -p MainPID --value)
kill -STOP "$main"
for _ in $(seq 140); do
  [ "$(user_systemctl show authwatch.service -p NRestarts --value)" = 1 ] && break; sleep .5; done
sleep 3
step watchdog user_systemctl show authwatch.service -p NRestarts -p ActiveState
step watchdog-log sh -c 'journalctl -b --no-pager -o cat | grep -i watchdog'
rm -r "$units/authwatch.service.d"

echo '# mine' >>"$units/authwatch.service"
step uninstall-changed authwatch uninstall systemd
step uninstall authwatch uninstall systemd --force
rm -r "$units/authwatch-check.service.d"
step units-left user_systemctl list-units --all 'authwatch*' --no-legend
step after-uninstall everything

# The machine's units, for tester. The secret is root's alone.
rm "$home/hook.url"; : >/out/received-before; cat /out/received >/out/received-before
mkdir -p /etc/authwatch/credentials/tester
echo 'json://127.0.0.1:8099/json/x' >/etc/authwatch/credentials/tester/hook.url
chmod -R go= /etc/authwatch
echo 'PATH=/opt/of-tester/bin:/usr/bin:/bin:/usr/bin' >"$home/.profile"; chown tester "$home/.profile"
sudo_authwatch() { env -i HOME=/root PATH=/root/bin:/usr/bin:/bin "$apps/bin/authwatch" "$@"; }
step system-not-root authwatch install systemd --system --user-name tester
step system-nobody sudo_authwatch install systemd --system
step system-dry-run sudo_authwatch install systemd --system --user-name tester --dry-run
step system sudo_authwatch install systemd --system --user-name tester
sleep 4
step system-unit cat /etc/systemd/system/authwatch-check@tester.service
step system-timers systemctl list-timers --all 'authwatch*'
step system-fired systemctl show authwatch-check@tester.service -p Result -p ActiveState -p ExecMainStatus -p User
step system-state sh -c "stat -c '%U %a %n' $home/.local/state/authwatch $home/.local/state/authwatch/*"
step system-status as_tester "$apps/bin/authwatch" status --json
step doctor-system as_tester "$apps/bin/authwatch" doctor --json
step system-verify systemd-analyze verify --recursive-errors=yes --man=no \
  /etc/systemd/system/authwatch-check@tester.service /etc/systemd/system/authwatch-check@tester.timer \
  /etc/systemd/system/authwatch-failure@tester.service
step exposure systemd-analyze security --no-pager authwatch-check@tester.service authwatch-failure@tester.service
step overall sh -c 'for u in authwatch-check@tester.service authwatch-failure@tester.service; do
  systemd-analyze security --no-pager "$u" | grep Overall; done'

# The machine slept for three days: a timer that comes back catches up at once, though its next moment is far.
sed -i 's/^interval: 2s/interval: 1d/' "$home/.config/authwatch/config.yaml"
step system-daily sudo_authwatch install systemd --system --user-name tester
systemctl stop authwatch-check@tester.timer
before=$(systemctl show authwatch-check@tester.service -p ExecMainStartTimestampMonotonic --value)
touch -d '3 days ago' /var/lib/systemd/timers/stamp-authwatch-check@tester.timer
systemctl start authwatch-check@tester.timer
until_true 50 "[ \$(systemctl show authwatch-check@tester.service -p ExecMainStartTimestampMonotonic --value) != $before ]"
step caught-up sh -c "systemctl show authwatch-check@tester.service -p ExecMainStartTimestampMonotonic --value; echo $before"
sed -i 's/^interval: 1d/interval: 2s/' "$home/.config/authwatch/config.yaml"

# A broken installation of the machine's unit.
systemctl stop authwatch-check@tester.timer
until_true 50 '[ "$(systemctl show authwatch-check@tester.service -p ActiveState --value)" = inactive ]' # not activating
mv "$apps/bin/authwatch" "$apps/bin/gone"
systemctl start authwatch-check@tester.service
mv "$apps/bin/gone" "$apps/bin/authwatch"
step system-broken systemctl show authwatch-check@tester.service -p Result -p ActiveState
sleep 1
step system-hook journalctl -b --no-pager -o cat -u authwatch-failure@tester.service
step system-daemon sudo_authwatch install systemd --system --user-name tester --daemon
step system-daemon-state systemctl show authwatch@tester.service -p ActiveState -p User -p NRestarts
step system-daemon-overall sh -c 'systemd-analyze security --no-pager authwatch@tester.service | grep Overall'
step system-uninstall sudo_authwatch uninstall systemd --system --user-name tester

# A check of root's, of another user's home: the hardened unit may not become that user.
mkdir -p /root/.config/authwatch
printf 'interval: 1d\nsources: [{type: openclaw, home: %s}]\n' "$home" >/root/.config/authwatch/config.yaml
step root-unit sudo_authwatch install systemd --system --user-name root
step root-status cat /root/.local/state/authwatch/status.json
rm -rf /root/.local/state/authwatch
step root-prompt sudo_authwatch check --json
step root-uninstall sudo_authwatch uninstall systemd --system --user-name root
rm -rf /root/.config/authwatch

# In a user's unit with a namespace of its own the programs of the machine are nobody's.
step unmapped as_tester XDG_RUNTIME_DIR=/run/user/7777 LD_LIBRARY_PATH="$LD_LIBRARY_PATH" PYTHONPATH="$PYTHONPATH" \
  systemd-run --user --pipe --wait --quiet -p PrivateUsers=yes -E PYTHONPATH -E LD_LIBRARY_PATH "$python" -c \
  'from monitor.system.owners import *; p = Path("/usr/bin/printf"); print(p.stat().st_uid, open_to_others(p, os.geteuid()))'
step system-left sh -c 'find /etc/systemd /var/lib/systemd /run/systemd/system -name "*authwatch*"'

# cron, where there is one.
if command -v crontab >/dev/null; then
  step cron-dry-run authwatch install cron --dry-run
  rm -f "$state/check.json" "$state/checkpoint"
  echo 'MAILTO=""' | as_tester crontab -
  step cron authwatch install cron
  rm -f "$state/check.json" "$state/checkpoint"
  cron
  step crontab as_tester crontab -l
  until_true 350 "[ -e '$home/my \$HOME %h \"state\" \\n/authwatch/checkpoint' ]"
  step cron-fired ls "$state"
  as_tester crontab -l | sed 's/--exit-zero/--json/' | as_tester crontab -
  step cron-changed authwatch install cron
  step cron-kept authwatch uninstall cron
  step cron-uninstall authwatch uninstall cron --force
  step cron-left as_tester crontab -l
fi

# A first set-up where the user's systemd lingers, twice.
fresh() { as_tester XDG_CONFIG_HOME="$home/fresh" XDG_STATE_HOME="$home/fresh-state" "$apps/bin/authwatch" "$@"; }
"$python" -m tests.receivers --http 8098 >/out/received-test 2>&1 &
until_true 50 'grep -q ready /out/received-test'
step onboard fresh onboard --ntfy a-topic --ntfy-server http://127.0.0.1:8098 --timer auto
step onboard-timer user_systemctl is-active authwatch-check.timer
step onboard-again fresh onboard --yes
step onboard-uninstall fresh uninstall systemd

# A machine that forbids user namespaces.
mkdir -p /run/systemd/system/user@.service.d
printf '[Service]\nRestrictNamespaces=yes\n' >/run/systemd/system/user@.service.d/strict.conf
systemctl daemon-reload; systemctl restart user@7777
step without-sandbox authwatch install systemd
step strict-unit cat "$units/authwatch-check.service"
step daemon-without-sandbox authwatch install systemd --daemon
# The address of the daemon is another program's: said before anything is written, and by the daemon itself.
user_systemctl stop authwatch.service
"$python" -c 'import socket, time; s = socket.create_server(("127.0.0.1", 9797)); time.sleep(600)' &
taken=$!
until_true 50 "grep -q ':2645 .* 0A' /proc/net/tcp"
step taken authwatch install systemd --daemon
user_systemctl reset-failed authwatch.service
user_systemctl start authwatch.service
step taken-log journalctl -b --no-pager -o cat _UID=7777 -n 40
kill "$taken"
journalctl -b --no-pager >/out/journal 2>&1
true
