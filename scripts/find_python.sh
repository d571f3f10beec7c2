#!/usr/bin/env bash
# Prints a Python that Bytewax has wheels for (3.11 or 3.12), or says what to install.
for name in ${PYTHON:-} python3.12 python3.11 python3 python; do
  if "$name" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then
    echo "$name"
    exit 0
  fi
done
echo "Tidewire needs Python 3.11 or 3.12 with venv: install one, or name it with PYTHON=..." >&2
exit 1
