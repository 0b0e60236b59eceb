# The filesystems of guard.sh, and the devices below them. A mount is named by its number in /proc/self/mountinfo, see proc(5).

# tg_covering PATH: sets TG_MOUNT to the number of the mount that contains the path.
tg_covering() {
  TG_MOUNT=
  tg_length=0
  while read -r tg_id tg_up tg_number tg_sub tg_point tg_rest; do
    case $tg_point in *\\*) tg_point=$(printf %b "$tg_point") ;; esac
    # Kept in a variable: in bash, a quoted empty word before a slash matches nothing in a pattern.
    tg_below=${tg_point%/}/
    case ${1%/}/ in "$tg_below"*) ;; *) continue ;; esac
    [ ${#tg_point} -ge $tg_length ] || continue
    TG_MOUNT=$tg_id
    tg_length=${#tg_point}
  done << EOF
$TG_MOUNTS
EOF
}

# tg_option NAME OPTIONS: sets TG_OPTION to the value of a mount option.
tg_option() {
  TG_OPTION=
  case ,$2 in *,"$1"=*) ;; *) return 1 ;; esac
  TG_OPTION=,$2
  TG_OPTION=${TG_OPTION#*,"$1"=}
  TG_OPTION=${TG_OPTION%%,*}
}

# tg_mount ID WHAT: reports the devices below a mounted filesystem.
tg_mount() {
  case $TG_SEEN in *" $1 "*) return 0 ;; esac
  TG_SEEN="$TG_SEEN$1 "
  while read -r tg_id tg_up tg_number tg_sub tg_point tg_rest; do
    [ "$tg_id" = "$1" ] || continue
    tg_rest=${tg_rest#*- }
    tg_type=${tg_rest%% *}
    tg_rest=${tg_rest#* }
    set -- "$1" "$2" "$tg_number" "$tg_point" "$tg_type" "${tg_rest%% *}" "${tg_rest#* }"
  done << EOF
$TG_MOUNTS
EOF
  case $3 in
    0:*) ;;
    *)
      if tg_at "$TG_ROOT/sys/dev/block/$3"; then
        tg_block "$TG_AT" "$2 (/dev/${TG_AT##*/} on $4)"
        return 0
      fi
      ;;
  esac
  set -- "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$2 ($6 on $4)"
  case $5 in
    tmpfs | ramfs | rootfs | devtmpfs) ;;
    overlay) tg_layers "$1" "$2" "$4" "$7" ;;
    nfs | nfs4 | cifs | smb3) tg_option addr "$7" && tg_route "$TG_OPTION" "$8" || tg_unknown "the way to the server of $8" ;;
    ceph)
      tg_option mon_addr "$7" && TG_OPTION=${TG_OPTION%%/*} || TG_OPTION=${6%%,*}
      TG_OPTION=${TG_OPTION#\[}
      tg_route "${TG_OPTION%:[0-9]*}" "$8" || tg_unknown "the way to the server of $8"
      ;;
    9p) tg_virtio "$6" "$8" "$TG_ROOT"/sys/bus/virtio/drivers/9pnet_virtio/virtio* || tg_unknown "the device of $8" ;;
    virtiofs) tg_virtio "" "$8" "$TG_ROOT"/sys/bus/virtio/drivers/virtiofs/virtio* || tg_unknown "the device of $8" ;;
    ubifs) tg_ubi "$6" "$8" || tg_unknown "the device of $8" ;;
    *)
      case $6 in
        /dev/*) tg_file "$6" "$8" || tg_unknown "the device of $8" ;;
        mtd*) tg_device "$TG_ROOT/sys/class/mtd/${6%%:*}" "$8" || tg_unknown "the device of $8" ;;
        *) tg_unknown "the device of $8, a filesystem of type $5" ;;
      esac
      ;;
  esac
}

# tg_layers ID WHAT POINT OPTIONS: reports the devices below the layers of an overlay.
tg_layers() {
  for tg_key in lowerdir upperdir; do
    tg_option $tg_key "$4" || continue
    tg_dirs=$TG_OPTION:
    while [ -n "$tg_dirs" ]; do
      set -- "$1" "$2" "$3" "$4" "${tg_dirs%%:*}" "${tg_dirs#*:}" "$tg_key"
      tg_dirs=$6
      [ -n "$5" ] || continue
      tg_covering "$5"
      if [ -z "$TG_MOUNT" ] || [ "$TG_MOUNT" = "$1" ]; then
        tg_unknown "the device of $2 (its layer $5 cannot be seen)"
        continue
      fi
      tg_mount "$TG_MOUNT" "$2"
      tg_dirs=$6
      tg_key=$7
    done
  done
}

# tg_virtio TAG WHAT DEVICE...: reports the virtio devices that have this tag.
tg_virtio() {
  tg_tag=$1
  tg_what=$2
  tg_some=
  shift 2
  for tg_x in "$@"; do
    [ -e "$tg_x" ] || continue
    tg_read "$tg_x/mount_tag"
    [ -z "$TG_READ" ] || [ "$TG_READ" = "$tg_tag" ] || continue
    tg_some=1
    tg_device "$tg_x" "$tg_what"
  done
  [ -n "$tg_some" ]
}

# tg_ubi SOURCE WHAT: reports the flash below a UBI volume: ubi0:name, ubi0_1 or /dev/ubi0_1.
tg_ubi() {
  tg_x=${1#/dev/}
  tg_x=${tg_x%%:*}
  tg_read "$TG_ROOT/sys/class/ubi/${tg_x%%_*}/mtd_num"
  [ -n "$TG_READ" ] && tg_device "$TG_ROOT/sys/class/mtd/mtd$TG_READ" "$2"
}

# tg_file PATH WHAT: reports a block device by its name in /dev. btrfs shows its devices only by such names, and may have
# several.
tg_file() {
  tg_name=$(readlink -f "$1" 2> /dev/null) || tg_name=$1
  tg_name=${tg_name##*/}
  tg_at "$TG_ROOT/sys/class/block/$tg_name" || return 1
  set -- "$tg_name" "$2" "$TG_AT"
  for tg_x in "$TG_ROOT"/sys/fs/btrfs/*/devices/"$1"; do
    [ -e "$tg_x" ] || continue
    for tg_x in "${tg_x%/*}"/*; do tg_block "$tg_x" "$2"; done
  done
  tg_block "$3" "$2"
}

# tg_block DIRECTORY WHAT: reports a disk, or the disks that a virtual block device is made of.
tg_block() {
  tg_at "$1" || return 1
  set -- "$TG_AT" "$2" ""
  if [ -e "$1/partition" ]; then set -- "${1%/*}" "$2" ""; fi
  case $TG_BLOCKS in *"$TG_NL$1$TG_NL"*) return 0 ;; esac
  TG_BLOCKS=$TG_BLOCKS$1$TG_NL
  for tg_x in "$1"/slaves/*; do
    [ -e "$tg_x" ] || continue
    set -- "$1" "$2" below
    tg_block "$tg_x" "$2"
  done
  tg_read "$1/loop/backing_file"
  if [ -n "$TG_READ" ]; then
    tg_covering "$TG_READ"
    case $TG_SEEN in
      *" $TG_MOUNT "*) ;;
      *)
        set -- "$1" "$2" below
        tg_mount "$TG_MOUNT" "$2"
        ;;
    esac
  fi
  case $1 in
    */virtual/block/zram* | */virtual/block/ram*) return 0 ;;
    */nvme-subsystem/*)
      for tg_x in "${1%/*}"/nvme*; do
        [ -L "$tg_x" ] || continue
        set -- "$1" "$2" below
        tg_device "$tg_x" "$2"
      done
      ;;
    */nvme-fabrics/*)
      tg_read "${1%/*}/address"
      tg_option traddr "$TG_READ" && tg_route "$TG_OPTION" "$2" && set -- "$1" "$2" below
      ;;
    */session[0-9]*)
      tg_x=${1#*/session}
      for tg_x in "$TG_ROOT/sys/class/iscsi_connection/connection${tg_x%%/*}":*; do
        tg_read "$tg_x/persistent_address"
        [ -n "$TG_READ" ] && tg_route "$TG_READ" "$2" || tg_unknown "the way to the disk of $2"
      done
      ;;
  esac
  tg_device "$1" "$2"
  case $1 in
    */sys/devices/virtual/* | */sys/devices/rbd/*) [ -n "$3" ] || tg_unknown "what is below ${1##*/}, which carries $2" ;;
  esac
}

# tg_filesystems: reports the root filesystem, the filesystems that the agent needs, and all others.
tg_filesystems() {
  TG_MOUNTS=
  [ ! -r "$TG_ROOT/proc/self/mountinfo" ] || TG_MOUNTS=$(cat "$TG_ROOT/proc/self/mountinfo")
  tg_covering /
  if [ -n "$TG_MOUNT" ]; then
    tg_mount "$TG_MOUNT" "the root filesystem"
  else
    tg_unknown "its root filesystem (/proc/self/mountinfo does not tell)"
  fi
  # Without these filesystems the agent no longer answers.
  for tg_dir in "$TL_D" /usr /etc /var /tmp $(command -v sh devlink ip); do
    [ -n "$tg_dir" ] || continue
    tg_covering "$tg_dir"
    [ -z "$TG_MOUNT" ] || tg_mount "$TG_MOUNT" "a filesystem that it needs"
  done
  TG_NEEDED=
  tg_all=
  while read -r tg_id tg_rest; do tg_all="$tg_all $tg_id"; done << EOF
$TG_MOUNTS
EOF
  for tg_x in $tg_all; do tg_mount "$tg_x" "a mounted filesystem"; done
  while read -r tg_name tg_type tg_rest; do
    case $tg_type in partition) tg_file "$tg_name" "swap space ($tg_name)" ;; esac
  done << EOF
$(cat "$TG_ROOT/proc/swaps" 2> /dev/null)
EOF
}
