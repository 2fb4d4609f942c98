#!/bin/sh
# Runs tests of the collector on PostgreSQL, in a cluster of its own that is thrown away:
#   deploy/test-postgresql.sh [TEST…]       (without: tests/server/postgresql tests/server/intake tests/server/violations)
#   deploy/test-postgresql.sh -- COMMAND…   another command, with MIJIAN_DATABASE_URL set
set -eu
cd "$(dirname "$0")/.."
for folder in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin; do
    [ -x "$folder/initdb" ] && bin=$folder
done
[ -n "${bin:-}" ] || { echo "PostgreSQL is not installed (Debian: apt-get install postgresql)" >&2; exit 2; }
place=$(mktemp -d)
as() { "$@"; }
if [ "$(id -u)" = 0 ]; then # PostgreSQL does not run as root
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    chown "$user" "$place"
    as() { setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups -- "$@"; }
fi
chmod 711 "$place"
finish() {
    as "$bin/pg_ctl" -D "$place/data" -m immediate -s stop || true
    rm -rf "$place"
}
trap finish EXIT
trap 'exit 130' INT TERM
set_to="-c fsync=off" # nobody pulls this cluster's plug; another command may want to measure it, set as in docs/install.md
[ "${1:-}" = -- ] && set_to="-c shared_buffers=512MB -c max_wal_size=4GB -c checkpoint_timeout=15min"
as "$bin/initdb" --no-sync -D "$place/data" -U mijian -A trust -E UTF8 --locale=C >/dev/null
as "$bin/pg_ctl" -D "$place/data" -w -s -l "$place/log" -o "-c listen_addresses= $set_to -k $place" start
as "$bin/createdb" -h "$place" -U mijian mijian
MIJIAN_DATABASE_URL="postgresql://mijian@/mijian?host=$place"
export MIJIAN_DATABASE_URL
if [ "${1:-}" = -- ]; then
    shift
    "$@"
    exit
fi
[ $# -gt 0 ] || set -- tests/server/postgresql tests/server/intake tests/server/violations tests/server/ledger
.venv/bin/python -m pytest -q "$@"
