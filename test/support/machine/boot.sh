#!/bin/sh
# Boots systemd as process 1 of its own namespaces on a throwaway copy of a file system. Nothing of it reaches this machine: all
# writes go to memory, the network is a loopback of its own, and kernel settings are read-only.
#   boot.sh TREE SCRATCH NETNS [BOOTED-BY-ITSELF]
set -eu
case "${4:-}" in
"")
	# The control groups that systemd makes lie in one of ours, which is removed after.
	mkdir -p "$2/cgroup"
	mount --make-rprivate /
	mount -t cgroup2 cgroup2 "$2/cgroup"
	own="$2/cgroup/hng-$$"
	mkdir "$own"
	ip netns exec "$3" unshare --mount --pid --cgroup --uts --ipc --fork sh -c "
		echo 0 >$own/cgroup.procs
		exec unshare --cgroup sh '$0' '$1' '$2' '$3' inside" || true
	find "$own" -depth -type d -exec rmdir {} +
	;;
inside)
	# "/proc" still shows the outer processes here.
	mount --make-rprivate /
	mount -t tmpfs -o mode=755 tmpfs "$2"
	mkdir "$2/upper" "$2/work" "$2/root"
	mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
	cd "$2/root"
	mkdir -p proc sys run tmp dev mnt
	mount -t proc proc proc
	mount --bind -o ro proc/sys proc/sys
	mount -o remount,bind,ro proc/sys
	mount -t sysfs -o ro sysfs sys
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mount -t tmpfs -o mode=755 tmpfs run
	mount -t tmpfs tmpfs tmp
	mount -t tmpfs -o mode=755 tmpfs dev
	mkdir dev/shm
	for device in null zero full random urandom; do
		: >"dev/$device"
		mount --bind "/dev/$device" "dev/$device"
	done
	pivot_root . mnt
	umount -l /mnt
	exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd \
		--show-status=false --log-target=null --unit=machine.target
	;;
esac
