#!/bin/sh
# Builds dist/mijian-VERSION-1.ARCH.rpm on the system it is for, or on one with the same Python (deploy/package/tree.sh).
#
#   deploy/rpm/build.sh [VERSION]
set -eu
cd "$(dirname "$0")/../.."
command -v rpmbuild >/dev/null || { echo "mijian: rpmbuild is missing: dnf install rpm-build" >&2; exit 2; }

base=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
version=$(echo "${1:-$base}" | tr - '~')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tree"
python=$(deploy/package/tree.sh "$work/tree")
rpmbuild -bb --quiet --define "_topdir $work/rpm" --define "given_tree $work/tree" \
    --define "given_version $version" --define "given_python $python" deploy/rpm/mijian.spec
mkdir -p dist
find "$work/rpm/RPMS" -name '*.rpm' -exec mv {} dist/ \;
ls -t dist/mijian-*.rpm | head -1
