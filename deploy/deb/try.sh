#!/bin/sh
# Installs the newest package in a fresh Debian root, uses it, updates it, and purges it. Needs root and debootstrap.
#
#   deploy/deb/try.sh [SUITE]
set -eu
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || { echo "mijian: this needs root (debootstrap, chroot)" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "mijian: apt-get install debootstrap" >&2; exit 2; }
package=$(ls -t dist/mijian_*.deb 2>/dev/null | head -1)
[ -n "$package" ] || { echo "mijian: make deb first" >&2; exit 2; }
suite=${1:-bookworm}
root=$(mktemp -d)
trap 'umount "$root/proc" 2>/dev/null || true; rm -rf "$root"' EXIT
say() { echo "mijian: $*"; }

say "a fresh Debian $suite"
debootstrap --variant=minbase --include=python3,libmagic1,systemd "$suite" "$root" ${MIRROR:-} >"$root.log" 2>&1 || {
    tail -5 "$root.log" >&2; exit 1; }
rm -f "$root.log"
mount -t proc proc "$root/proc"
inside() { chroot "$root" env PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"; }

say "installing $package"
cp "$package" "$root/tmp/new.deb"
inside dpkg -i /tmp/new.deb
[ -L "$root/etc/systemd/system/multi-user.target.wants/mijian.service" ] || { say "the service is not enabled"; exit 1; }
[ "$(stat -c %a "$root/etc/mijian" "$root/var/lib/mijian" | sort -u)" = 700 ] || { say "folders are open"; exit 1; }
inside getent passwd mijian-scan >/dev/null || { say "there is no account for workers"; exit 1; }
inside mijian --version

say "using it"
mkdir "$root/tmp/docs"
printf '机密★10年\n' >"$root/tmp/docs/a.txt"
status=0
inside env XDG_CACHE_HOME=/tmp/cache mijian scan /tmp/docs --format jsonl --class internal >"$root/tmp/said" || status=$?
[ "$status" = 1 ] && grep -q '"level":"机密"' "$root/tmp/said" || { say "the scan found nothing"; exit 1; }
status=0
inside mijian status >/dev/null 2>&1 || status=$?
[ "$status" = 2 ] || { say "a computer that is not enrolled must say so"; exit 1; }

say "updating over itself keeps settings and state"
echo "language: zh" >"$root/etc/mijian/mijian.yaml"
touch "$root/var/lib/mijian/kept"
rm "$root/etc/systemd/system/multi-user.target.wants/mijian.service"
inside dpkg -i --force-confold /tmp/new.deb >/dev/null
grep -q "language: zh" "$root/etc/mijian/mijian.yaml" && [ -e "$root/var/lib/mijian/kept" ]
[ ! -L "$root/etc/systemd/system/multi-user.target.wants/mijian.service" ] || { say "it enabled itself again"; exit 1; }
inside mijian --version >/dev/null

say "removing keeps state, purging leaves nothing"
inside dpkg -r mijian >/dev/null
[ -e "$root/var/lib/mijian/kept" ] && [ ! -e "$root/opt/mijian" ]
inside dpkg -P mijian >/dev/null
rm -rf "$root/tmp/cache" "$root/tmp/new.deb"
left=$(find "$root" -xdev -path "$root/proc" -prune -o -iname '*mijian*' -print)
[ -z "$left" ] || { say "left behind:"; echo "$left"; exit 1; }
say "all is well"
