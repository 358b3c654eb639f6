#!/usr/bin/env bash
# Installs the pinned tools, checks that dist holds what the sources build, and tests
# it in Chromium (CHROMIUM names another than Debian's). Needs Node 20 or newer, and Go.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
node build.mjs "$fresh"
diff -r "$fresh" dist || { echo "dist is not what the sources build: run npm run build"; exit 1; }
chromium=${CHROMIUM:-/usr/bin/chromium}
[ -x "$chromium" ] || { echo "there is no $chromium: apt-get install chromium"; exit 1; }
node test/run.mjs
