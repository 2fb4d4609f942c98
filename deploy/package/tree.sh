#!/bin/sh
# Makes the tree of a package: the agent in a virtual environment of its own under ROOT/opt/mijian, and the files around.
#
#   deploy/package/tree.sh ROOT
#
# The locked versions are installed by their hashes; nothing is fetched when the package is installed. Prints the name of
# the Python it is for.
set -eu
cd "$(dirname "$0")/../.."
[ -x .venv/bin/python ] || { echo "mijian: run deploy/setup.sh test first" >&2; exit 2; }
root=$1
python=$(.venv/bin/python -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
home=$root/opt/mijian

# --- the environment -----------------------------------------------------------------------------------------------
mkdir -p "$root/opt" "$root/wheel"
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
put 644 deploy/package/mijian.sysusers usr/lib/sysusers.d/mijian.conf
put 644 deploy/package/mijian.tmpfiles usr/lib/tmpfiles.d/mijian.conf
put 600 deploy/mijian.yaml etc/mijian/mijian.yaml
for doc in README.md README.zh-CN.md CHANGELOG.md ASSURANCE.md docs/install.md; do
    put 644 "$doc" "opt/mijian/share/doc/mijian/$(basename "$doc")"
done
put 644 LICENSE usr/share/doc/mijian/copyright
mkdir -p "$root/usr/bin"
ln -s /opt/mijian/bin/mijian "$root/usr/bin/mijian"
chmod 755 "$root"
echo "$python"
