#!/data/data/com.termux/files/usr/bin/sh
# Sets authwatch up on a phone with Termux, or removes it. Safe to run again.
#
#   sh install.sh                  the agents and authwatch run on this phone
#   sh install.sh --ssh HOST       this phone asks authwatch on a server, over ssh without a prompt
#   sh install.sh --http URL       the same over HTTP (add --ssh HOST to log in and acknowledge from the phone)
#   sh install.sh --uninstall
#
#   --period MINUTES   check every so many minutes: 15 (Android's minimum) or more, default 30
#   --cron             run checks with crond instead of Android's job scheduler
#   --daemon           run `authwatch serve` as a runit service instead; Termux:Boot starts it with the phone
#   --limit SECONDS    when a check counts as hung: default 90; raise it with `alerts.deadline`
#   --command WORDS    how to start authwatch, here or on the server
#   --force            replace or remove files that were edited by hand
#   --dry-run          show what would be done, change nothing
set -u
umask 077

JOB=28849 # "authw" on the keys of a phone; without a number of its own, a job replaces another's
how=here server="" url="" command="" period=30 limit=90 cron="" daemon="" uninstall="" force="" dry=""

die() {
  echo "install.sh: $1" >&2
  exit "${2:-1}"
}
while [ $# -gt 0 ]; do
  case $1 in
    --ssh | --http | --period | --limit | --command) [ -n "${2-}" ] || die "$1 needs a value" 64 ;;
  esac
  case $1 in
    --ssh) server=$2 && shift ;;
    --http) url=${2%/} && shift ;;
    --period) period=$2 && shift ;;
    --limit) limit=$2 && shift ;;
    --command) command=$2 && shift ;;
    --cron) cron=1 ;;
    --daemon) daemon=1 ;;
    --uninstall) uninstall=1 ;;
    --force) force=1 ;;
    --dry-run) dry=1 ;;
    *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" && exit 64 ;;
  esac
  shift
done
case $server in -* | *[!A-Za-z0-9@._:%-]*) die "--ssh $server: a host may contain letters, digits and @ . _ : % -" 64 ;; esac
case $url in "" | http://* | https://*) ;; *) die "--http: expected an address such as https://vps.example.ts.net" 64 ;; esac
case $url in *[!A-Za-z0-9._~:/%@\[\]-]*) die "--http: an address may contain letters, digits and . _ ~ : / % @ -" 64 ;; esac
case $period in *[!0-9]*) die "--period $period: expected minutes, such as 30" 64 ;; esac
case $limit in *[!0-9]*) die "--limit $limit: expected seconds, such as 90" 64 ;; esac
[ "$period" -ge 15 ] || die "--period $period: expected 15 or more; Android runs a job every 15 minutes at most" 64
[ -z "$server" ] || how=ssh
[ -z "$url" ] || how=http
[ -z "$daemon" ] || [ "$how" = here ] || die "--daemon is for the machine where the agents run; leave out --ssh and --http" 64
[ -z "$daemon" ] || [ -z "$cron" ] || die "--daemon and --cron do not go together: each runs the checks" 64

: "${HOME:=/data/data/com.termux/files/home}" "${PREFIX:=/data/data/com.termux/files/usr}"
[ -x "$PREFIX/bin/sh" ] || die "this is not Termux; use authwatch install systemd, cron or launchd"
here=$(cd "$(dirname "$0")" && pwd) || exit 1
share=$HOME/.local/share/authwatch service=$PREFIX/var/service/authwatch
manifest=$share/files
# What runs the checks, for `authwatch doctor` and for people.
runs=job runner="Android's job scheduler"
[ -z "$cron" ] || runs=cron runner=crond
[ -z "$daemon" ] || runs=daemon runner="the service authwatch"
other_way="Another way: pkg install cronie termux-services, open a new session, then run this with --cron"

# One line a file: where it comes from, where it goes, its mode. Shortcuts are copied: Termux:Widget runs no links.
files() {
  echo "phone.sh $share/phone.sh 600"
  echo "check $share/check 700"
  echo "widgets/status $HOME/.shortcuts/tasks/authwatch-status 700"
  echo "widgets/acknowledge $HOME/.shortcuts/tasks/authwatch-acknowledge 700"
  echo "widgets/relogin $HOME/.shortcuts/authwatch-relogin 700"
  [ -z "$cron$daemon" ] || echo "boot $HOME/.termux/boot/authwatch 700"
  [ -z "$daemon" ] || printf '%s\n' "service/run $service/run 700" "service/log $service/log/run 700"
}

api() {
  timeout -k 2 "${patience:-10}" "$@" </dev/null
}

# quoted TEXT: as one word of the shell.
quoted() {
  printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

# changed FILE: whether somebody changed it since it was installed, or made it.
changed() {
  [ -e "$1" ] && [ -z "$force" ] || return 1
  ! grep -qxF "$(sha256sum "$1")" "$manifest" 2>/dev/null
}

# rendered FILE: as it goes onto the phone. Android starts scripts without termux-exec, so the first line has to name
# the shell in full, wherever this Termux lies.
rendered() {
  case $1 in
    *.sh) cat "$1" ;;
    *) echo "#!$PREFIX/bin/sh" && tail -n +2 "$1" ;;
  esac
}

# The settings, and how to start authwatch where it runs on this phone.
settings() {
  echo "# shellcheck shell=sh disable=SC2034"
  echo "PREFIX=$(quoted "$PREFIX")"
  echo "how=$how"
  echo "server=$(quoted "$server")"
  echo "command=$(quoted "$command")"
  echo "limit=$limit"
  echo "runs=$runs"
  echo "url=$(quoted "$url")"
}
starter() {
  printf '%s\n' "#!$PREFIX/bin/sh" "exec env $command \"\$@\""
}

# noted FILE: with its digest, the former one replaced.
noted() {
  touch "$manifest" && awk -v file="$1" 'substr($0, 67) != file' "$manifest" >"$manifest.new" &&
    sha256sum "$1" >>"$manifest.new" && mv "$manifest.new" "$manifest"
}

# put FILE MODE: standard input as that file, whole or not at all, and noted.
put() {
  new=$1.new.$$
  if mkdir -p "$(dirname "$1")" && cat >"$new" && chmod "$2" "$new" && mv -f "$new" "$1" && noted "$1"; then
    echo "wrote $1"
  else
    rm -f "$new" "$manifest.new"
    die "$1: cannot write; fix that and run this again"
  fi
}

check_phone() {
  for need in termux-job-scheduler termux-notification termux-toast; do
    command -v "$need" >/dev/null || die "$need not found; install it: pkg install termux-api"
  done
  code=0
  answer=$(api termux-battery-status) || code=$?
  if [ "$code" = 124 ] || [ "$code" = 137 ] || [ -z "$answer" ]; then
    die "the app Termux:API does not answer. Install it from where you got Termux (F-Droid or GitHub) and open it once.
$other_way"
  fi
  if [ "$how" = here ]; then
    [ -n "$command" ] || command=$(command -v authwatch) || die "authwatch not found; install it: pip install . in its checkout"
    return
  fi
  # A login by ssh reads no profile: pip and pipx put programs there.
  # shellcheck disable=SC2016 # the server expands it
  [ -n "$command" ] || command='PATH="$HOME/.local/bin:$PATH" authwatch'
  [ "$how" = ssh ] || command -v curl >/dev/null || die "curl not found; install it: pkg install curl"
  [ -z "$server" ] || command -v ssh >/dev/null || die "ssh not found; install it: pkg install openssh"
}

scheduled() {
  said=$(api termux-job-scheduler --script "$share/check" --job-id "$JOB" --period-ms "$((period * 60000))" \
    --network "$1" --battery-not-low false --persisted true 2>&1)
  # It leaves with 0 whatever happened.
  case $said in *"response 1"*) ;; *) die "the job scheduler did not accept the job: ${said:-no answer within 10 s}
$other_way" ;; esac
  pending=$(api termux-job-scheduler --pending 2>/dev/null | grep -E "Job $JOB(:|\b)") ||
    die "Android accepted the job but does not list it. Exempt Termux:API from battery optimisation and run this again.
$other_way"
  echo "scheduled: $pending"
}

crontab_without() {
  crontab -l 2>/dev/null | sed '/# authwatch$/d'
}
no_cron() {
  if command -v crontab >/dev/null && crontab -l 2>/dev/null | grep -q '# authwatch$'; then
    [ -n "$uninstall" ] || echo "$runner replaces the crontab line"
    crontab_without | crontab -
  fi
}
# gone FILE: removes it, unless somebody edited it.
gone() {
  [ -e "$1" ] || return 0
  if changed "$1"; then
    echo "kept, because edited by hand: $1"
  else
    rm -f "$1" && awk -v file="$1" 'substr($0, 67) != file' "$manifest" >"$manifest.new" && mv "$manifest.new" "$manifest"
    echo "removed $1"
  fi
}
no_daemon() {
  [ -e "$service/run" ] || return 0
  echo "$runner replaces the service authwatch"
  api sv-disable authwatch
  gone "$service/run"
  gone "$service/log/run"
  [ -e "$service/run" ] || rm -f "$service/down"
  rmdir "$service/log" "$service" 2>/dev/null
}
no_job() {
  command -v termux-job-scheduler >/dev/null || return 0
  api termux-job-scheduler --cancel --job-id "$JOB" >/dev/null 2>&1 ||
    echo "the job scheduler did not answer; job $JOB may still run" >&2
}
# crond_there: before anything is written, since a phone without it has another way.
crond_there() {
  if ! command -v crontab >/dev/null || ! command -v sv-enable >/dev/null; then
    die "crond not found; install it: pkg install cronie termux-services, open a new session and run this again.
Or leave out --cron: Android's job scheduler then runs the checks (pkg install termux-api)"
  fi
}
in_cron() {
  minutes="*/$period"
  [ "$period" -lt 60 ] || minutes=7
  # crond sends no mail here, so the last words are kept; never more than those.
  line="$minutes * * * * $share/check >$share/cron.log 2>&1 # authwatch"
  api sv-enable crond && { crontab_without && echo "$line"; } | crontab - || return 1
  echo "crond: $line"
}

first_pass() {
  code=0
  timeout -k 5 "$((limit + 30))" "$share/check" </dev/null || code=$?
  [ "$code" = 0 ] || die "the first check failed with exit code $code; run it yourself: $share/check"
  if [ -e "$HOME/.local/state/authwatch-phone/silent" ]; then
    echo "The server did not answer. This has to succeed without a prompt: ssh -o BatchMode=yes -- $server true" >&2
  fi
}

# summary: what runs now, when it checks next, where its log is, how it is removed.
summary() {
  if [ -n "$daemon" ]; then
    echo "$runner is running (authwatch serve), first check done"
    echo "log:    tail -n 20 $PREFIX/var/log/sv/authwatch/current"
  else
    log=$HOME/.local/state/authwatch-phone/last
    [ -z "$cron" ] || log=$share/cron.log
    echo "$runner is running, checking every $period min (later while the phone sleeps)"
    echo "first check done, next check in about $period min"
    [ "$how" != here ] || echo "log:    cat $log"
  fi
  if [ "$how" = here ]; then
    echo "remove: authwatch uninstall termux"
  else
    echo "remove: sh install.sh --uninstall"
  fi
}

install_all() {
  network=none # what is on this phone can be checked without one
  [ "$how" = here ] || network=any
  kept=$({ files && echo "- $share/settings -" && echo "- $share/authwatch -"; } |
    while read -r _ to _; do if changed "$to"; then echo "$to"; fi; done)
  if [ -n "$dry" ]; then
    files | sed 's/^[^ ]* /would write /; s/ [0-7]*$//'
    if [ -n "$daemon" ]; then
      echo "would run authwatch serve as a runit service"
    elif [ -n "$cron" ]; then
      echo "would let crond run $share/check every $period minutes"
    else
      echo "would schedule $share/check every $period minutes (job $JOB, network: $network)"
    fi
    return
  fi
  [ -z "$kept" ] || die "edited by hand, so not replaced (--force replaces it): $kept"
  [ -z "$cron" ] || crond_there
  [ -z "$daemon" ] || command -v sv-enable >/dev/null ||
    die "runit not found; install it: pkg install termux-services, open a new session and run this again"
  check_phone
  if ! { mkdir -p "$share" && chmod 700 "$share"; }; then die "$share: cannot create this folder"; fi
  settings | put "$share/settings" 600 || exit 1
  [ "$how" != here ] || starter | put "$share/authwatch" 700 || exit 1
  files | while read -r from to mode; do
    rendered "$here/$from" | put "$to" "$mode" || exit 1
  done || exit 1
  chmod 700 "$HOME/.shortcuts" "$HOME/.shortcuts/tasks"
  # One of the three runs the checks; what ran them before goes, once the new one is there.
  if [ -n "$daemon" ]; then
    api sv-enable authwatch || die "the service could not be enabled; install it: pkg install termux-services"
    no_job
    no_cron
  elif [ -n "$cron" ]; then
    in_cron || die "crond could not be set up. Leave out --cron: Android's job scheduler then runs the checks"
    no_job
    no_daemon
  else
    scheduled "$network"
    no_cron
    no_daemon
    gone "$HOME/.termux/boot/authwatch"
  fi
  [ -z "$cron$daemon" ] || echo "Install the app Termux:Boot and open it once, so that this starts with the phone."
  patience=5 api am broadcast -n com.termux.widget/.TermuxWidgetProvider \
    -a com.termux.widget.ACTION_REFRESH_WIDGET --ei appWidgetId 0 >/dev/null 2>&1
  first_pass
  summary
  echo "Exempt Termux and Termux:API from battery optimisation; let Termux draw over other apps, so that widgets open it."
}

uninstall_all() {
  if [ -n "$dry" ]; then
    echo "would cancel job $JOB and remove what $manifest lists"
    return
  fi
  no_job
  no_cron
  [ ! -e "$service/run" ] || api sv-disable authwatch
  left=""
  if [ -e "$manifest" ]; then
    while read -r _ file; do
      if changed "$file"; then left="$left $file"; else rm -f "$file" && echo "removed $file"; fi
    done <"$manifest"
  fi
  rm -f "$manifest" "$share/cron.log"
  rm -rf "$HOME/.local/state/authwatch-phone"
  [ -e "$service/run" ] || rm -f "$service/down"
  rmdir "$service/log" "$service" "$share" 2>/dev/null
  [ -z "$left" ] || echo "kept, because edited by hand:$left"
  echo "Your data was kept: ~/.config/authwatch and ~/.local/state/authwatch"
}

if [ -n "$uninstall" ]; then uninstall_all; else install_all; fi
