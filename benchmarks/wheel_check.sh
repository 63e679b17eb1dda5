#!/usr/bin/env bash
# The wheel in a clean environment: build, install with its dependencies, fetch weights into a fresh cache, answer a verse
# from outside the checkout.  Takes a few minutes and 1.5 GB in a temporary folder, which it removes.
#   benchmarks/wheel_check.sh [VERSE]        default: tests/data/verses/marcus.flac
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
verse=$(realpath "${1:-$root/tests/data/verses/marcus.flac}")
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m pip wheel --quiet --no-deps -w "$work/dist" "$root"
"$python" -m venv "$work/venv"
started=$SECONDS
"$work/venv/bin/python" -m pip install --quiet --no-cache-dir -c "$root/constraints.txt" "$work"/dist/rapbot-*.whl
install_s=$((SECONDS - started))

cd "$work" # nothing of the checkout may be found from here
export RAPBOT_CACHE="$work/cache"
unset PYTHONPATH
started=$SECONDS
venv/bin/rapbot models install
weights_s=$((SECONDS - started))
venv/bin/rapbot models list --verify >/dev/null
venv/bin/rapbot doctor
venv/bin/rapbot respond "$verse" -o reply.wav --report report.json
test -s reply.wav
venv/bin/python - report.json <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
assert report["schema"] == "rapbot.report/1" and report["reply"]["bars"], "the report holds no reply"
PY
printf '{"wheel_bytes": %d, "install_s": %d, "weights_s": %d, "venv_bytes": %d, "cache_bytes": %d}\n' \
  "$(stat -c %s "$work"/dist/rapbot-*.whl)" "$install_s" "$weights_s" \
  "$(du -sb "$work/venv" | cut -f1)" "$(du -sb "$work/cache" | cut -f1)"
