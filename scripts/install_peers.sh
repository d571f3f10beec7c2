#!/usr/bin/env bash
# Installs the engines that `make bench` compares with, each into an environment of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(scripts/find_python.sh)
install() {
  local name=$1
  shift
  [ -f ".peers/$name/done" ] && return
  echo "installing $* into .peers/$name"
  "$python" -m venv ".peers/$name"
  ".peers/$name/bin/pip" install -q --disable-pip-version-check "$@" 'pandas<3' pyarrow
  touch ".peers/$name/done"
}
install numba_bound numba
install bt_backtrader backtrader
install bt_backtestingpy 'backtesting>=0.6,<0.7'
install bt_vectorbt 'vectorbt>=1,<2' || echo "vectorbt cannot be installed here: left out"
install bt_nautilus 'nautilus_trader>=1.221,<1.222' || echo "nautilus_trader cannot be installed here: left out"
