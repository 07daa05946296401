#!/bin/sh
# Makes the virtual environment from the lock file: make_venv.sh PYTHON VENV LOCK. Safe to repeat.
set -eu
python=$1 venv=$2 lock=$3
# Trust what the system trusts, also behind a proxy with an authority of its own.
export UV_SYSTEM_CERTS=true
"$python" - <<'PY' || { echo "Firsthand needs Python 3.11 or newer: set PYTHON=/path/to/python3.11" >&2; exit 1; }
import sys
sys.exit(sys.version_info < (3, 11))
PY
# A half-made environment (interrupted, or of another Python) is made again.
[ -x "$venv/bin/python" ] && "$venv/bin/python" -c "" 2>/dev/null || rm -rf "$venv"
[ -d "$venv" ] || "$python" -m venv "$venv"
[ -x "$venv/bin/uv" ] || "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement infra/locks/uv.lock.txt
# Compiled now: the walls around parsers are read-only, and some people set PYTHONDONTWRITEBYTECODE, so that otherwise
# every process would compile what it loads again.
"$venv/bin/uv" pip sync --quiet --compile-bytecode --require-hashes --python "$venv/bin/python" "$lock"
"$venv/bin/uv" pip install --quiet --no-deps --no-build-isolation --python "$venv/bin/python" --editable .
"$venv/bin/python" -m compileall -q pipeline flows infra migrations
