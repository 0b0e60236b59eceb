# Tells of names whether they are part of the board's own device. POSIX sh (dash, busybox ash) with devlink of iproute2; it only
# reads. The host calls tw_handle, tw_own and tw_known. Then it calls tw_device, tw_netdev, tw_path, tw_netns, tw_module, tw_load or tw_instance
# for each name. The first word is its number. Each prints a line: the number, and
#   own      it is the board's own device, or below that in sysfs
#   other    it is something else of the board
#   absent   there is no such thing, so that the name cannot be of anything else
# TG_ROOT stands before /sys and /run, for tests.

TW_NL='
'
TW_OWN=
TW_HANDLE=

tw_say() {
  printf '%s\t%s\n' "$1" "$2"
}

# tw_at DIRECTORY: sets TW_AT to its path without symbolic links.
tw_at() {
  TW_AT=$(CDPATH='' cd -P -- "$1" 2> /dev/null && pwd -P)
}

tw_handle() {
  TW_HANDLE=$1
}

# tw_own BUS DEVICE: a device that is the board's own.
tw_own() {
  ! tw_at "$TG_ROOT/sys/bus/$1/devices/$2" || TW_OWN=$TW_OWN$TW_AT$TW_NL
}

# tw_known NAME: devices and a netdev that the user allows by their name.
tw_known() {
  for tw_x in "$TG_ROOT"/sys/bus/*/devices/"$1" "$TG_ROOT/sys/class/net/$1"; do
    ! tw_at "$tw_x" || TW_OWN=$TW_OWN$TW_AT$TW_NL
  done
}

# tw_below: whether TW_AT is an own device, or below one.
tw_below() {
  tw_rest=$TW_OWN
  while [ -n "$tw_rest" ]; do
    tw_one=${tw_rest%%"$TW_NL"*}
    tw_rest=${tw_rest#*"$TW_NL"}
    case $TW_AT/ in "$tw_one"/*) return 0 ;; esac
  done
  return 1
}

# tw_judge NUMBER: tells of the directory TW_AT.
tw_judge() {
  if tw_below; then tw_say "$1" own; else tw_say "$1" other; fi
}

# tw_device NUMBER BUS DEVICE
tw_device() {
  if tw_at "$TG_ROOT/sys/bus/$2/devices/$3"; then tw_judge "$1"; else tw_say "$1" absent; fi
}

# tw_netdev NUMBER NAME
tw_netdev() {
  if tw_at "$TG_ROOT/sys/class/net/$2"; then tw_judge "$1"; else tw_say "$1" absent; fi
}

# tw_netns NUMBER NAME: a netns is nobody's own except the plan's that adds it.
tw_netns() {
  if [ -e "$TG_ROOT/run/netns/$2" ] || [ -e "$TG_ROOT/var/run/netns/$2" ]; then tw_say "$1" other; else tw_say "$1" absent; fi
}

# tw_module NUMBER NAME: a module is the board's own if its drivers have no device but own ones.
tw_module() {
  if ! [ -d "$TG_ROOT/sys/module/$2" ]; then
    tw_say "$1" absent
    return
  fi
  for tw_x in "$TG_ROOT/sys/module/$2"/drivers/*/*; do
    case $tw_x in */module) continue ;; esac
    [ -L "$tw_x" ] || continue
    if ! tw_at "$tw_x" || ! tw_below; then
      tw_say "$1" other
      return
    fi
  done
  tw_say "$1" own
}

# tw_load NUMBER NAME: a module is the board's own if it and the modules that it needs take no device but own ones. `absent` is one
# that the board does not have. A module that is loaded is not loaded again.
tw_load() {
  if [ -d "$TG_ROOT/sys/module/$2" ]; then
    tw_say "$1" own
    return
  fi
  if ! tw_needed=$(modprobe -D "$2" 2> /dev/null < /dev/null); then
    tw_say "$1" absent
    return
  fi
  # Without modinfo it is unknown which devices the modules take.
  command -v modinfo > /dev/null || return 0
  tw_free
  tw_found=own
  # Aliases are patterns, and not of files.
  set -f
  for tw_file in $tw_needed; do
    case $tw_file in /*) ;; *) continue ;; esac
    for tw_alias in $(modinfo -F alias "$tw_file" 2> /dev/null < /dev/null); do
      for tw_line in $TW_FREE; do
        # shellcheck disable=SC2254
        case $tw_line in $tw_alias) tw_found=other ;; esac
      done
    done
  done
  set +f
  tw_say "$1" $tw_found
}

# tw_free: sets TW_FREE to the modaliases of the devices that are not own ones and have no driver, a line each.
tw_free() {
  TW_FREE=
  for tw_x in "$TG_ROOT"/sys/bus/*/devices/*; do
    [ ! -e "$tw_x/driver" ] && [ -r "$tw_x/modalias" ] || continue
    if tw_at "$tw_x" && ! tw_below && read -r tw_line < "$tw_x/modalias"; then
      TW_FREE=$TW_FREE$tw_line$TW_NL
    fi
  done
}

# tw_instance NUMBER BUS DEVICE: a devlink instance, which may be named by its index, and may have no device.
tw_instance() {
  if tw_at "$TG_ROOT/sys/bus/$2/devices/$3"; then
    tw_judge "$1"
    return
  fi
  tw_out=$(devlink -j dev show "$2/$3" 2> /dev/null < /dev/null)
  case $?,$tw_out in
    0,*"\"$TW_HANDLE\""*) tw_say "$1" own ;;
    1,*) tw_say "$1" absent ;;
    *) tw_say "$1" other ;;
  esac
}

# tw_path NUMBER PATH VALUE: where a file is, and what is written to it.
tw_path() {
  tw_folder=$2 tw_file=
  if [ ! -d "$TG_ROOT$2" ]; then tw_folder=${2%/*} tw_file=${2##*/}; fi
  if ! tw_at "$TG_ROOT$tw_folder"; then
    tw_say "$1" absent
    return
  fi
  tw_under=${TW_AT#"$TG_ROOT"}
  case $tw_under/ in
    /sys/devices/* | /sys/bus/*/slots/*) tw_judge "$1" ;;
    /sys/bus/*)
      tw_bus=${tw_under#/sys/bus/}
      tw_bus=${tw_bus%%/*}
      case $tw_file in
        bind | unbind | drivers_probe) tw_device "$1" "$tw_bus" "$3" ;;
        *) tw_say "$1" absent ;;
      esac
      ;;
    /sys/kernel/debug/*) tw_debugfs "$1" "${tw_under#/sys/kernel/debug}/" ;;
    *) tw_say "$1" absent ;;
  esac
}

# tw_debugfs NUMBER PATH: whether a folder of it has the name of a device or of a netdev.
tw_debugfs() {
  tw_left=${2#/} tw_found=absent
  while [ -n "$tw_left" ]; do
    tw_name=${tw_left%%/*}
    tw_left=${tw_left#*/}
    for tw_x in "$TG_ROOT"/sys/bus/*/devices/"$tw_name" "$TG_ROOT/sys/class/net/$tw_name"; do
      tw_at "$tw_x" || continue
      if tw_below; then tw_found=own; else tw_found=other; fi
      [ $tw_found = own ] || break 2
    done
  done
  tw_say "$1" $tw_found
}
