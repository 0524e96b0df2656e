#!/bin/sh
# environment.sh NAME: make the environment NAME (see environment.py), or do nothing where it is up to date. PYTHON names the Python.
# Without PYTHON an environment keeps the Python it was made with, as long as that runs.
suits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))'
folder=.venv
case $1 in oldest | libraries) folder=.venv-$1 ;; esac
if [ -n "$PYTHON" ] || ! "$folder/bin/python" -c "$suits" 2>/dev/null; then
  python=$(sh scripts/find_python.sh) || exit 1
else
  python=$folder/bin/python
fi
exec "$python" scripts/environment.py "$1"
