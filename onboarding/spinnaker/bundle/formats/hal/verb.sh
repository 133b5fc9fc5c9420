#!/usr/bin/env bash
# apply.sh   tells hal about the accounts of this bundle; again, it changes nothing
# check.sh   compares what hal knows with this bundle, and changes nothing
# remove.sh  makes hal forget the accounts of this bundle, and no others
#
# The three are one script, which does what its name says. --help tells the options.
# NO_VALIDATE=1 keeps hal from looking versions up in the network at each call.

if [ -z "${BASH_VERSION:-}" ]; then
  command -v bash >/dev/null 2>&1 && exec bash "$0" "$@"
  echo "$0 needs bash, and there is none here." >&2
  exit 1
fi
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
verb=$(basename -- "${BASH_SOURCE[0]}" .sh)

for needed in hal python3; do
  if ! command -v "$needed" >/dev/null 2>&1; then
    echo "$verb.sh needs $needed, and there is none here. Halyard's own image has hal, bash and Python 3." >&2
    exit 1
  fi
done
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))'; then
  echo "$verb.sh needs Python 3.8 or newer; this is $(python3 --version)." >&2
  exit 1
fi

# From its own folder, so that Python finds the package beside this script.
cd -- "$here"
export PYTHONDONTWRITEBYTECODE=1
exec python3 -m bowline "$verb" "$@"
