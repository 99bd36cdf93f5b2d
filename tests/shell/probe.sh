# shellcheck shell=sh
# Run in the sandbox of a check: notes where a program may write and what it sees.
exec >"$STATE_DIRECTORY/probe"
echo "tmp: $(ls -A /tmp)"
for place in "$HOME" "$HOME/.openclaw" "$HOME/.config" /etc /usr /var; do
  if (: >"$place/x") 2>/dev/null; then echo "can write $place"; fi
done
echo "umask $(umask)"
grep -i 'max core' /proc/self/limits
