#!/usr/bin/env bash
# The Debian package is built by one command, and installed, set up as the README says, started, removed and purged.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip "installing a package takes root"
type -P dpkg-deb dpkg-shlibdeps >/dev/null || skip "no dpkg-dev"
unshare --mount --propagation private true 2>/dev/null || skip "no mounts of its own allowed here"
mkdir "$T/layers"
# shellcheck disable=SC2016 # that shell expands it
mount_root='mount -t tmpfs layers "$1" && mkdir "$1/upper" "$1/work" "$1/root" &&
    mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" root "$1/root"'
unshare --mount --propagation private bash -c "$mount_root" - "$T/layers" 2>"$T/out" ||
	skip "no overlay of / here: $(cat "$T/out")"
say "packaging/build-deb"
"$HERE/../../packaging/build-deb" "$T/build" >"$T/built" || fail "$(cat "$T/built")"
deb=$(tail -n 1 "$T/built")
dpkg-deb -I "$deb" | grep -E '^ (Version|Depends):'
if type -P lintian >/dev/null; then
	lintian --allow-root --fail-on error "$deb" >"$T/out" 2>&1 || fail "$(cat "$T/out")"
else
	say "not judged by lintian: it is not installed"
fi
install -m 644 "$deb" "$T/keyhold.deb"
# Everything below happens to a copy of / that goes with this process.
# shellcheck disable=SC2016 # that shell expands it
unshare --mount --propagation private --pid --fork bash -c "$mount_root"' && cd "$1/root" &&
    mount -t proc proc proc && mount --rbind /dev dev && mount -t tmpfs run run &&
    mkdir -p tmp/package && mount --bind "$2" tmp/package && install -m 755 "$3" tmp/package/story &&
    exec chroot . /tmp/package/story' - "$T/layers" "$T" "$HERE/package_inside.sh"

# And with systemd itself, where there is no other to be disturbed: --net, so that it has a loopback of its own.
if [ -d /run/systemd/system ] || [ ! -x /lib/systemd/systemd ]; then
	say "not run under systemd: only where it is installed and does not run"
	exit 0
fi
# shellcheck disable=SC2016 # that shell expands it
timeout -k 5 400 unshare --mount --propagation private --pid --uts --ipc --cgroup --net --fork bash -c "$mount_root"' &&
    cd "$1/root" && mount -t proc proc proc && mount --rbind /dev dev && mount -t tmpfs run run &&
    mount -t sysfs sys sys && mount -t cgroup2 cgroup2 sys/fs/cgroup && rm -f {etc,lib}/systemd/system/*.wants/* &&
    mkdir -p tmp/package && mount --bind "$2" tmp/package && install -m 755 "$3" tmp/package/story &&
    printf "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nExecStart=/tmp/package/story\n" >etc/systemd/system/story.service &&
    printf "[Unit]\nWants=story.service systemd-journald.service dbus.service\n" >etc/systemd/system/story.target &&
    mount --make-rshared . && container=chroot exec chroot . /lib/systemd/systemd --unit=story.target --log-target=console' \
	- "$T/layers" "$T" "$HERE/package_booted.sh" >"$T/systemd.log" 2>&1 || true
if [ ! -e "$T/booted.log" ]; then
	say "not run under systemd, which does not start here: $(tail -n 1 "$T/systemd.log")"
	exit 0
fi
cat "$T/booted.log"
expect_text "booted: done" "$T/booted.log"
