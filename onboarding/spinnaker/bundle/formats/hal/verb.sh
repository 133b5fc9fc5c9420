#!/usr/bin/env bash
# apply.sh     adds this bundle's accounts to Halyard; again, it changes nothing
# check.sh     compares what hal has with this bundle, and changes nothing
# remove.sh    removes the accounts of this bundle from Halyard, and no others
# profiles.sh  puts this bundle's profiles where Halyard's daemon reads them
#
# The four are one script, which does what its name says. --help lists the options.
# NO_VALIDATE=1 keeps hal from looking versions up in the network at each call.
# HALCONFIG_DIR=FOLDER names the daemon's .hal folder where profiles.sh cannot find it.

if [ -z "${BASH_VERSION:-}" ]; then
  command -v bash >/dev/null 2>&1 && exec bash "$0" "$@"
  echo "$0 needs bash, and there is none here." >&2
  exit 1
fi
set -euo pipefail

script=${BASH_SOURCE[0]}
while [ -L "$script" ]; do
  target=$(readlink -- "$script")
  case $target in
    /*) script=$target ;;
    *) script=$(dirname -- "$script")/$target ;;
  esac
done
here=$(cd -- "$(dirname -- "$script")" && pwd)
verb=$(basename -- "$script" .sh)

case "$verb $* " in
  profiles* | *" -h "* | *" --help "*) programs=python3 ;; # profiles.sh asks hal only where no folder is given
  *) programs="hal python3" ;;
esac
for needed in $programs; do
  if ! command -v "$needed" >/dev/null 2>&1; then
    echo "$verb.sh needs $needed, and there is none here. Halyard's own image has hal, bash and Python 3." >&2
    exit 1
  fi
done
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))'; then
  echo "$verb.sh needs Python 3.8 or newer; this is $(python3 --version)." >&2
  exit 1
fi

# Change to its own folder, so that Python finds the package next to this script.
export CALLED_FROM=$PWD PYTHONDONTWRITEBYTECODE=1
cd -- "$here"
exec python3 -m bowline "$verb" "$@"
