#!/usr/bin/env bash
# Puts the files of hal/profiles/ where Halyard reads them, and never over your own.
#
# Usage: profiles.sh [FOLDER]    FOLDER is ~/.hal/default/profiles unless given
#
# A file that Bowline wrote and nobody changed is renewed: its first line holds the
# SHA-256 of the others.

if [ -z "${BASH_VERSION:-}" ]; then
  command -v bash >/dev/null 2>&1 && exec bash "$0" "$@"
  echo "$0 needs bash, and there is none here." >&2
  exit 1
fi
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-$HOME/.hal/default/profiles}
refused=0

unchanged_by_hand() {
  local marked body
  marked=$(sed -n '1s/.*bowline sha256 //p' "$1")
  body=$(tail -n +2 "$1" | sha256sum)
  [ "$marked" = "${body%% *}" ]
}

if ! command -v sha256sum >/dev/null 2>&1; then
  echo "profiles.sh needs sha256sum, and there is none here." >&2
  exit 1
fi
mkdir -p -- "$folder"
for file in "$here"/profiles/*; do
  [ -e "$file" ] || continue
  theirs=$folder/${file##*/}
  if [ ! -e "$theirs" ]; then
    cp -- "$file" "$theirs"
    echo "$theirs: added" >&2
  elif cmp -s -- "$file" "$theirs"; then
    echo "$theirs: as it should be" >&2
  elif unchanged_by_hand "$theirs"; then
    cp -- "$file" "$theirs"
    echo "$theirs: renewed" >&2
  else
    echo "$theirs is yours and was left as it is. Add to it what $file says." >&2
    refused=1
  fi
done
exit "$refused"
