#!/bin/sh
# Builds dist/mijian_VERSION_ARCH.deb (deploy/package/tree.sh says what is in it).
#
#   deploy/deb/build.sh [VERSION]
set -eu
cd "$(dirname "$0")/../.."
command -v dpkg-deb >/dev/null || { echo "mijian: dpkg-deb is missing: apt-get install dpkg" >&2; exit 2; }

base=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
version=${1:-$base}
arch=$(dpkg --print-architecture)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
python=$(deploy/package/tree.sh "$root")

mkdir "$root/DEBIAN"
minor=${python#python3.}
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@PYTHON@/3.$minor/" -e "s/@NEXT@/3.$((minor + 1))/" \
    -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$root" | cut -f1)/" deploy/deb/control >"$root/DEBIAN/control"
echo /etc/mijian/mijian.yaml >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do install -m 755 "deploy/deb/$script" "$root/DEBIAN/$script"; done
mkdir -p dist
dpkg-deb --root-owner-group -Zxz -z6 --build "$root" "dist/mijian_${version}_$arch.deb" >/dev/null
echo "dist/mijian_${version}_$arch.deb"
