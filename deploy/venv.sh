#!/bin/sh
# Makes .venv hold what the lock file named by $1 lists, by its hashes. Does nothing when it already does.
# PYTHON chooses the interpreter; without it the newest that is found and new enough.
set -eu
lock=$1
cd "$(dirname "$0")/.."

new_enough() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

choose() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" && { echo "$PYTHON"; return; }
        echo "PYTHON=$PYTHON is not Python 3.11 or later: $("$PYTHON" --version 2>&1 || true)" >&2
        exit 1
    fi
    for candidate in python3.13 python3.12 python3.11 python3; do
        new_enough "$candidate" && { echo "$candidate"; return; }
    done
    echo "Chancery needs Python 3.11 or later, and none was found (python3 is $(python3 --version 2>&1 || echo missing))." >&2
    echo "Install one, or name it: make run PYTHON=/path/to/python3.11" >&2
    exit 1
}

# One install at a time: two makes in one folder would tear .venv apart.
if command -v flock >/dev/null 2>&1 && [ "${CHANCERY_VENV_LOCKED:-}" != 1 ]; then
    CHANCERY_VENV_LOCKED=1 exec flock . sh deploy/venv.sh "$lock"
fi

sum=$(cksum <"$lock")
stamp=.venv/$lock.installed
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ]; then
    exit 0
fi

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(choose)
    echo "Making .venv with $("$python" --version)"
    rm -rf .venv
    if ! "$python" -m venv .venv; then
        rm -rf .venv
        echo "$python has no working venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    fi
fi

echo "Installing what $lock lists into .venv; once, and again only when it changes"
.venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r "$lock" || {
    echo "The packages could not be installed. Is the package index reachable? Then run make again: it goes on." >&2
    exit 1
}
echo "$sum" >"$stamp"
