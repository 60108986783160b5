#!/bin/sh
# Boots systemd as process 1 of its own namespaces on a throwaway copy of a file system. Nothing of it reaches this machine: all
# writes go to memory, the network is a loopback of its own, and kernel settings are read-only.
#   boot.sh TREE SCRATCH NETNS [inside]
set -eu
tree=$1 scratch=$2 netns=$3
if [ "${4:-}" != inside ]; then
	# The control groups that systemd makes lie in one of ours, which is removed after.
	mkdir "$scratch/cgroup"
	mount --make-rprivate /
	mount -t cgroup2 cgroup2 "$scratch/cgroup"
	own=$scratch/cgroup/hng-$$
	mkdir "$own"
	ip netns exec "$netns" unshare --mount --pid --uts --ipc --fork sh -c "
		echo 0 >'$own/cgroup.procs'
		exec unshare --cgroup sh '$0' '$tree' '$scratch' '$netns' inside" || true
	find "$own" -depth -type d -exec rmdir {} +
	exit
fi
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay -o "lowerdir=$tree,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$scratch/root"
cd "$scratch/root"
mkdir -p proc sys run tmp dev mnt etc/systemd/system
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/shm dev/pts
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
# The numbers are the kernel's: Documentation/admin-guide/devices.txt.
for device in null:3 zero:5 full:7 random:8 urandom:9; do
	mknod -m 0666 "dev/${device%:*}" c 1 "${device#*:}"
done
mknod -m 0666 dev/tty c 5 0
# Only what every unit needs: whatever else is enabled in the tree stays off.
printf '[Unit]\nRequires=sysinit.target\nAfter=sysinit.target\n' >etc/systemd/system/machine.target
pivot_root . mnt
umount -l /mnt
# In a container systemd leaves this to whoever made it; credentials come to a service by it.
mount --make-rshared /
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd \
	--show-status=false --log-target=journal --unit=machine.target
