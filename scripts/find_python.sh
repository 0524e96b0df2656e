#!/bin/sh
# Print the newest Python on PATH that gatewise can live in; PYTHON names another. Says in one line what is wrong where there is none.
#
# Suitable is CPython 3.11 to 3.14 with venv and pip's bootstrap, asked of the interpreter itself: names on PATH may lead nowhere.
# One with its C headers is preferred to a newer one without, for the kernels are compiled against them.
check='
import ensurepip, os, sys, sysconfig, venv
if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
    sys.exit(1)
if not (3, 11) <= sys.version_info[:2] <= (3, 14):
    sys.exit(1)
print("headers" if os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")) else "none", sys.executable)
'
wanted="gatewise needs CPython 3.11 to 3.14 with venv (on Debian: apt install python3-venv)"

if [ -n "$PYTHON" ]; then
  found=$("$PYTHON" -c "$check" 2>/dev/null </dev/null) && [ -n "$found" ] && { echo "${found#* }"; exit 0; }
  version=$("$PYTHON" -V 2>/dev/null </dev/null) || version="does not run"
  echo "gatewise: PYTHON=$PYTHON does not suit ($version): $wanted" >&2
  exit 1
fi

without_headers=
for name in python3.14 python3.13 python3.12 python3.11 python3 python; do
  command -v "$name" >/dev/null 2>&1 || continue
  found=$("$name" -c "$check" 2>/dev/null </dev/null) || continue
  case $found in
    headers*) echo "${found#* }"; exit 0 ;;
    none*) without_headers=${without_headers:-${found#* }} ;;
  esac
done
[ -n "$without_headers" ] && { echo "$without_headers"; exit 0; }
echo "gatewise: no suitable Python on PATH: $wanted; name one with: make PYTHON=/path/to/python" >&2
exit 1
