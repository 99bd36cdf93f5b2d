# shellcheck shell=sh
# What the scripts on a phone share: how to ask authwatch, here or on a server, and how to show what it says.
# It is sourced. `install.sh` writes the settings beside it: PREFIX, how (here, ssh or http), server, command, url, limit (seconds that a check may take).
umask 077
# Android starts jobs, buttons and widgets without a profile.
: "${HOME:=/data/data/com.termux/files/home}"
share=$HOME/.local/share/authwatch
state=$HOME/.local/state/authwatch-phone
how=here server="" command="" url="" limit=90
# shellcheck source=/dev/null
. "$share/settings"
PATH=$PREFIX/bin:$PATH
export HOME PREFIX PATH
mkdir -p "$state"

# api COMMAND ...: every call of Termux:API blocks for ever where its app is missing or asleep.
api() {
  timeout -k 2 "${patience:-10}" "$@" </dev/null
}

# ask WORDS ...: authwatch's answer and exit code, from where the agents run. A remote shell splits the words again, so
# they are only ever fixed words and tokens of letters and digits. Banners and warnings of ssh are no answer.
ask() {
  if [ "$how" = here ]; then
    timeout -k 5 "$limit" "$share/authwatch" "$@" </dev/null 2>/dev/null
  elif [ -n "$server" ]; then
    timeout -k 5 60 ssh -T -a -x -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 \
      -o ServerAliveCountMax=2 -- "$server" "$command $*" </dev/null 2>/dev/null
  else
    return 255
  fi
}

# report: every login, as text; 0 no action needed, 1 now, 2 soon, 3 unknown, anything else: no answer.
report() {
  if [ "$how" = http ]; then
    fetched
    return
  fi
  code=0
  said=$(ask status --check --no-color) || code=$?
  case $said in
    "authwatch · "* | *"
authwatch · "* | "authwatch on "*) printf '%s\n' "$said" && return "$code" ;;
    *) return 255 ;;
  esac
}

# fetched: the same from a daemon over HTTP. A password lies in a file that curl reads, so that no other program sees it.
fetched() {
  set -- --silent --fail --connect-timeout 10 --max-time 30
  [ ! -r "$HOME/.config/authwatch/curl" ] || set -- "$@" --config "$HOME/.config/authwatch/curl"
  body=$(timeout -k 5 40 curl "$@" -- "$url/api/v1/status" </dev/null 2>/dev/null) || return 255
  code=$(printf '%s' "$body" | grep -oE '"exit_code": *[0-3]' | grep -oE '[0-3]$') || return 255
  string='"([^"\\]|\\.)*"'
  printf '%s' "$body" | grep -oE "\"(needs_human|summary|ignored|acknowledged|silenced)\": *($string|true|false)" |
    awk '{ value = $0; sub(/^"[a-z_]*": */, "", value); gsub(/^"|"$/, "", value); split($0, part, "\"") }
      part[2] == "needs_human" { need = value; hush = "" }
      part[2] == "summary" { text = value; sub(/\.$/, "", text); gsub(/\\"/, "\"", text) }
      part[2] ~ /^(ignored|acknowledged|silenced)$/ && value == "true" { hush = "; " part[2] }
      part[2] == "silenced" && need != "no" { print (need == "now" ? "NOW" : need == "soon" ? "SOON" : "?") "  " text hush }'
  return "$code"
}

# news: the lines of a report that need a person and are neither acknowledged nor silenced, each with its fix.
news() {
  awk '/^(NOW|SOON|\?) /{ keep = !/; (ignored|acknowledged|silenced)$/ } /^(NOW|SOON|\?|     ) / && keep'
}

# headline CODE: an answer in a few words.
headline() {
  case $1 in
    0) echo "No action needed." ;;
    1) echo "A login needs you now." ;;
    2) echo "A login needs you soon." ;;
    3) echo "A login could not be read." ;;
    *) echo "No answer${server:+ from $server}." ;;
  esac
}

# tell ID PRIORITY TITLE TEXT: shows it, in place of what ID showed; the same again only after a day. What was not shown
# is not remembered as told, so the next check tries again.
tell() {
  told=$state/told-$1
  if [ "$(cat "$told" 2>/dev/null)" = "$2 $3 $4" ] && [ -n "$(find "$told" -mmin -1440)" ]; then
    return 0
  fi
  # Fixed paths only: a button's action is shell text, and names of logins are not ours.
  set -- "$1" "$2" "$3" "$4" "am startservice --user 0 -n com.termux/com.termux.app.TermuxService \
-a com.termux.service_execute -d com.termux.file:$HOME/.shortcuts/authwatch-relogin"
  api termux-notification --id "authwatch-$1" --group authwatch --priority "$2" --title "$3" --content "$4" \
    --button1 "Log in again" --button1-action "PATH=$PREFIX/bin $5" \
    --button2 Acknowledge --button2-action "$HOME/.shortcuts/tasks/authwatch-acknowledge" || return 1
  printf '%s' "$2 $3 $4" >"$told.new" && mv "$told.new" "$told"
}

# untell ID: takes it away again.
untell() {
  [ -e "$state/told-$1" ] || return 0
  api termux-notification-remove "authwatch-$1" && rm -f "$state/told-$1"
}
