#!/bin/sh
# debian-tree.sh FOLDER SUITE PACKAGE...: a Debian tree to run one newer server out of.
#
# Needs root, once; whoever starts the server later only reads the tree.  The tree appears under
# its name when it is complete, so that a run that was cut short leaves nothing that looks usable.
set -eu
folder=$1 suite=$2
shift 2
part=$folder.part
fail() { umount "$part/proc" 2>/dev/null || true; tail -n 20 "$folder.log" >&2; exit 1; }
umount "$part/proc" 2>/dev/null || true
rm -rf "$part"
mkdir -p "$part"

# The mirror that this machine already uses for Debian packages.
mirror=$(apt-get indextargets --format '$(REPO_URI)' | sed -n '/\/debian\/\{0,1\}$/{p;q}')
# All recent suites are bootstrapped alike; an old debootstrap knows sid, but not their names.
script=/usr/share/debootstrap/scripts/sid
debootstrap --variant=minbase "$suite" "$part" "${mirror:-http://deb.debian.org/debian}" "$script" \
    >"$folder.log" 2>&1 || fail

printf '#!/bin/sh\nexit 101\n' >"$part/usr/sbin/policy-rc.d"
chmod 755 "$part/usr/sbin/policy-rc.d"
mount -t proc proc "$part/proc" || fail
chroot "$part" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "$@" >>"$folder.log" 2>&1 || fail
umount "$part/proc"

# What only an installation needs.
rm -rf "$part/var/cache/apt" "$part/var/lib/apt/lists" "$part/usr/share/doc" \
    "$part/usr/share/man" "$part/usr/share/locale"
mkdir -p "$part/var/cache/apt/archives/partial" "$part/var/lib/apt/lists/partial" "$part/srv/peer"
rm -rf "$folder"
mv "$part" "$folder"
