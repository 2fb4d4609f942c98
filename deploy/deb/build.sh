#!/bin/sh
# Builds dist/mijian_VERSION_ARCH.deb: the agent in a virtual environment of its own under /opt/mijian.
#
#   deploy/deb/build.sh [VERSION]
#
# The locked versions are installed by their hashes; nothing is fetched when the package is installed.
set -eu
cd "$(dirname "$0")/../.."
[ -x .venv/bin/python ] || { echo "mijian: run deploy/setup.sh test first" >&2; exit 2; }
command -v dpkg-deb >/dev/null || { echo "mijian: dpkg-deb is missing: apt-get install dpkg" >&2; exit 2; }

base=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
version=${1:-$base}
arch=$(dpkg --print-architecture)
python=$(.venv/bin/python -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
home=$root/opt/mijian

# --- the environment -----------------------------------------------------------------------------------------------
mkdir -p "$root/opt" "$root/wheel" "$root/package"
"/usr/bin/$python" -m venv --without-pip "$home"
install_into() {
    .venv/bin/python -m pip --python "$home/bin/python" install -q --disable-pip-version-check --no-compile "$@"
}
install_into --require-hashes -r requirements/agent.lock
.venv/bin/python -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation -w "$root/wheel" .
install_into --no-deps "$root"/wheel/*.whl
rm -rf "$root/wheel"

# It was made here and will live there: the names of places in it are those of there.
find "$home/bin" -type f -exec sed -i "1s|^#!$home/|#!/opt/mijian/|" {} +
sed -i "s|$home|/opt/mijian|g" "$home/pyvenv.cfg"
rm -f "$home"/bin/activate* "$home"/bin/Activate* "$home/bin/mijian-server"
rm -rf "$home/lib/$python/site-packages/server"
"$home/bin/python" -m compileall -q -s "$root" --invalidation-mode unchecked-hash "$home/lib" || true
find "$home" -name direct_url.json -delete

# --- the files around it -------------------------------------------------------------------------------------------
put() { install -D -m "$1" "$2" "$root/$3"; }
put 644 deploy/systemd/mijian.service lib/systemd/system/mijian.service
put 644 deploy/systemd/holding.conf opt/mijian/share/doc/mijian/holding.conf
put 644 deploy/deb/mijian.sysusers usr/lib/sysusers.d/mijian.conf
put 644 deploy/deb/mijian.tmpfiles usr/lib/tmpfiles.d/mijian.conf
put 600 deploy/mijian.yaml etc/mijian/mijian.yaml
for doc in README.md README.zh-CN.md CHANGELOG.md ASSURANCE.md docs/install.md; do
    put 644 "$doc" "opt/mijian/share/doc/mijian/$(basename "$doc")"
done
put 644 LICENSE usr/share/doc/mijian/copyright
mkdir -p "$root/usr/bin"
ln -s /opt/mijian/bin/mijian "$root/usr/bin/mijian"

# --- the package ---------------------------------------------------------------------------------------------------
rmdir "$root/package"
mkdir "$root/DEBIAN"
minor=${python#python3.}
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@PYTHON@/3.$minor/" -e "s/@NEXT@/3.$((minor + 1))/" \
    -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$root" | cut -f1)/" deploy/deb/control >"$root/DEBIAN/control"
echo /etc/mijian/mijian.yaml >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do install -m 755 "deploy/deb/$script" "$root/DEBIAN/$script"; done
chmod 755 "$root"
mkdir -p dist
dpkg-deb --root-owner-group -Zxz -z6 --build "$root" "dist/mijian_${version}_$arch.deb" >/dev/null
echo "dist/mijian_${version}_$arch.deb"
