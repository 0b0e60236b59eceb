/**
 * Programs that a machine may have and the model does not: of iproute2, kmod, coreutils, util-linux, procps and busybox.
 *
 * @module
 */

/** The names of these programs: to run one is a gap of the model, not "not found". */
export const OTHER_PROGRAMS: ReadonlySet<string> = new Set(
  `arpd bridge ctstat dcb genl ifstat lnstat netshaper nstat rdma routef routel rtacct rtmon rtstat ss tc tipc vdpa
  depmod kmod modinfo
  arp arping brctl ifconfig ifup ifdown iptables ip6tables iw mii-tool nc ncat netstat nft nameif ping ping6 route tcpdump
  traceroute tunctl vconfig wget curl ssh scp telnet ethtool.sh phc2sys ptp4l lspci lsusb setpci
  arch b2sum base32 base64 chgrp chown chroot cksum comm csplit df dircolors du expand factor fmt groups install join link
  logname md5sum mkfifo mknod numfmt od pathchk pinky pr printenv ptx runcon sha1sum sha256sum sha512sum shred
  shuf split stty sum tsort truncate tty unexpand unlink users vdir who
  blkid blockdev cal chmem column dmidecode eject fallocate fdisk findmnt flock fsck getopt hexdump hwclock ionice ipcs
  isosize last ldattach logger losetup lsblk lscpu lsfd lsipc lslocks lsmem lsns mkfs mount mountpoint mkswap more namei
  nsenter partx pivot_root prlimit readprofile rename renice rfkill rtcwake script setpriv setterm su swapon swapoff
  switch_root taskset umount unshare utmpdump uuidgen wall whereis zramctl
  free fuser pgrep pkill pmap ps pstree pwdx slabtop sysctl tload top uptime vmstat w watch
  ar ash bc beep bunzip2 bzcat bzip2 clear cmp cpio crond cryptpw cttyhack dc deallocvt diff dos2unix dumpkmap ed envdir
  fbset fsync getty gunzip gzip halt hd hexedit hush i2cget i2cset i2cdetect init insserv inotifyd kbd_mode less linux32
  linux64 loadkmap lsattr lsof lzcat lzma lzop lzopcat makedevs mdev mesg microcom mkdosfs mt nmeter openvt patch
  poweroff reboot reset resize rpm run-parts runlevel setarch setconsole setfattr setkeycodes setlogcons setuidgid sv svc
  svlogd syslogd klogd tar ts ubiattach unix2dos unlzma unxz unzip usleep uudecode uuencode vi vim nano volname xxd
  xz xzcat zcat zstd
  awk gawk mawk nawk basename busybox chmod chrt cp dash date dd dirname egrep env expr fgrep fold hostname id killall ln mktemp
  mv nice nl nohup nproc paste pidof readlink realpath rev rmdir seq setsid stat stdbuf sync tac tee time touch udevadm uniq
  which whoami xargs yes
  bash zsh python python3 perl ruby lua node gcc make git systemctl journalctl loginctl service apt apt-get dpkg bpftool
  perf trace-cmd strace ltrace gdb crash kdump stress fio iperf iperf3 jq`.split(/\s+/),
);
