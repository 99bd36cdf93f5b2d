#!/usr/bin/env bash
# Boots a real systemd as PID 1 of a throwaway container over a copy-on-write view of this machine, runs one
# command in it as root and takes everything down again. The status is the command's.
#
# usage: boot-systemd.sh [-r ROOT] [-b SRC:DST]... [-w SRC:DST]... COMMAND
#   -r ROOT     boot this tree instead of this machine
#   -b SRC:DST  show a folder inside, read-only      -w SRC:DST  the same, writable
# needs: root; Debian's systemd-container, dbus, libpam-systemd, dbus-user-session.
set -euo pipefail
binds=() below=/
while getopts r:b:w: o; do case $o in
  r) below=$OPTARG;;
  b) binds+=("--bind-ro=$OPTARG");; w) binds+=("--bind=$OPTARG");; *) exit 2;; esac; done
shift $((OPTIND-1))

name=aw$$ work=$(mktemp -d) leader='' nspawn='' groups=()
# shellcheck disable=SC2317  # the trap calls it
cleanup() {
  set +e
  if [ -n "$leader" ]; then
    kill -RTMIN+4 "$leader" 2>/dev/null     # power off
    for _ in $(seq 100); do kill -0 "$nspawn" 2>/dev/null || break; sleep .1; done
  fi
  [ -z "$nspawn" ] || { kill -9 "$nspawn"; wait "$nspawn"; } 2>/dev/null
  for group in "${groups[@]}"; do
    echo $$ >"${group%/*}/cgroup.procs"
    find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
  done
  umount "$work/m/root" "$work/m" 2>/dev/null
  rmdir "$work/m"; rm -f "$work/log"; rmdir "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# A cgroup of our own below the present one, in every hierarchy that systemd uses.
mapfile -t lines </proc/self/cgroup
for line in "${lines[@]}"; do
  IFS=: read -r _ controller path <<<"$line"
  case $controller in ''|name=systemd|memory|pids|cpu) ;; *) continue;; esac
  folder=${controller#name=} group=/sys/fs/cgroup/${folder:-unified}${path%/}/$name
  [ -n "$controller" ] || [ -d /sys/fs/cgroup/unified ] || group=/sys/fs/cgroup${path%/}/$name
  [ -d "${group%/*}" ] || continue
  mkdir "$group"; groups+=("$group"); echo $$ >"$group/cgroup.procs"
done

mkdir "$work/m"; mount -t tmpfs -o size=1g,mode=755 tmpfs "$work/m"
mkdir "$work/m/up" "$work/m/wk" "$work/m/root"
root=$work/m/root
mount -t overlay -o "lowerdir=$below,upperdir=$work/m/up,workdir=$work/m/wk" overlay "$root"
rm -f "$root"/etc/systemd/system/timers.target.wants/* "$root"/usr/sbin/policy-rc.d
tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
rm -rf "$root"/var/log/journal "$root"/var/lib/systemd/timers; mkdir -p "$root/var/log/journal"

systemd-nspawn -D "$root" --private-network --register=no --keep-unit --boot --console=pipe "${binds[@]}" \
  -M "$name" systemd.unit=basic.target </dev/null >"$work/log" 2>&1 &
nspawn=$!
inside() { nsenter -t "$leader" -a -- env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root "$@"; }
for _ in $(seq 300); do
  leader=$(pgrep -P "$nspawn" | head -1) || true
  [ -n "$leader" ] && inside systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded' && break
  kill -0 "$nspawn" 2>/dev/null || { cat "$work/log" >&2; exit 4; }
  sleep .1
done
rc=0
inside sh -c "$1" || rc=$?
exit $rc
