#!/bin/sh
# Makes .venv ready for one purpose, and nothing else on the machine but Debian packages that are missing.
#
#   deploy/setup.sh demo|test|bench
#
# As root, missing Debian packages are installed. Otherwise the exact line to run is printed and the status is 2.
set -eu
purpose=${1:?usage: deploy/setup.sh demo|test|bench}
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

missing=""
need() { # need PACKAGE COMMAND…: the package is missing where the command fails
    package=$1; shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
has_library() { /sbin/ldconfig -p | grep -q "$1"; }
has_font() { ls /usr/share/fonts/truetype/wqy/wqy-microhei.ttc; }
has_command() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1"; }

command -v "$python" >/dev/null || { echo "mijian: there is no $python; install Python 3.11 or later" >&2; exit 2; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "mijian: $python is older than 3.11; name another one with PYTHON=…" >&2; exit 2; }

need python3-venv "$python" -c 'import ensurepip, venv'
need libmagic1 has_library 'libmagic\.so\.1'
need libarchive13 has_library 'libarchive\.so\.13'
need e2fsprogs has_command mkfs.ext4
need iproute2 has_command ip
need mount has_command mount
case $purpose in
demo) ;;
test | bench) need fonts-wqy-microhei has_font ;;
*) echo "mijian: unknown purpose '$purpose'; one of demo, test, bench" >&2; exit 2 ;;
esac
if [ "$purpose" = test ]; then
    need chromium has_command chromium
    need fdisk has_command sfdisk
fi
if [ "$purpose" = bench ]; then
    need ripgrep has_command rg
    need clamav has_command clamscan
fi

if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "mijian: installing Debian packages:$missing"
        export DEBIAN_FRONTEND=noninteractive
        # shellcheck disable=SC2086 # one word per package is meant
        apt-get install -y -q $missing >/dev/null 2>&1 || {
            apt-get update -q >/dev/null
            apt-get install -y -q $missing >/dev/null
        }
    else
        echo "mijian: Debian packages are missing. Run this, then try again:" >&2
        echo "    sudo apt-get install -y$missing" >&2
        exit 2
    fi
fi

stamp=.venv/.ready
wanted=$(cat requirements/dev.lock pyproject.toml | sha256sum | cut -d' ' -f1)
if [ "$(cat $stamp 2>/dev/null || true)" != "$wanted" ]; then
    echo "mijian: preparing .venv (only the first time, and when the locked versions change)"
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.lock
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
    echo "$wanted" >$stamp
fi
