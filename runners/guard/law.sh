# Decides if names belong to the board's own device. POSIX sh (dash, busybox ash) with devlink of iproute2; it only reads. The
# host calls tw_handle, tw_own and tw_known. Then it calls tw_device, tw_netdev, tw_path, tw_netns, tw_module, tw_load or
# tw_instance for each name. The first argument is the number of the name. Each prints a line: the number, and one of
#   own      it is the board's own device, or is below it in sysfs
#   other    it is another object of the board
#   absent   no object has this name, so it cannot name another one
# TG_ROOT is a prefix for /sys and /run, for tests.

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

# tw_own BUS DEVICE: adds a device to the board's own devices.
tw_own() {
  ! tw_at "$TG_ROOT/sys/bus/$1/devices/$2" || TW_OWN=$TW_OWN$TW_AT$TW_NL
}

# tw_known NAME: adds the devices and the netdev with this name, which the user allowed.
tw_known() {
  for tw_x in "$TG_ROOT"/sys/bus/*/devices/"$1" "$TG_ROOT/sys/class/net/$1"; do
    ! tw_at "$tw_x" || TW_OWN=$TW_OWN$TW_AT$TW_NL
  done
}

# tw_below: true if TW_AT is an own device, or is below one.
tw_below() {
  tw_rest=$TW_OWN
  while [ -n "$tw_rest" ]; do
    tw_one=${tw_rest%%"$TW_NL"*}
    tw_rest=${tw_rest#*"$TW_NL"}
    case $TW_AT/ in "$tw_one"/*) return 0 ;; esac
  done
  return 1
}

# tw_judge NUMBER: prints `own` or `other` for the directory TW_AT.
tw_judge() {
  if tw_below; then tw_say "$1" own; else tw_say "$1" other; fi
}

# tw_device NUMBER BUS DEVICE: judges a device.
tw_device() {
  if tw_at "$TG_ROOT/sys/bus/$2/devices/$3"; then tw_judge "$1"; else tw_say "$1" absent; fi
}

# tw_netdev NUMBER NAME: judges a netdev by its device.
tw_netdev() {
  if tw_at "$TG_ROOT/sys/class/net/$2"; then tw_judge "$1"; else tw_say "$1" absent; fi
}

# tw_netns NUMBER NAME: judges a netns: one that exists belongs to somebody else, since a plan adds its own netns itself.
tw_netns() {
  if [ -e "$TG_ROOT/run/netns/$2" ] || [ -e "$TG_ROOT/var/run/netns/$2" ]; then tw_say "$1" other; else tw_say "$1" absent; fi
}

# tw_module NUMBER NAME: judges a module to unload: it is own if its drivers have only own devices.
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

# tw_load NUMBER NAME: judges a module to load: it is own if it, and the modules that it needs, take only own devices. It is
# absent if the board does not have it. A loaded module is not loaded again.
tw_load() {
  if [ -d "$TG_ROOT/sys/module/$2" ]; then
    tw_say "$1" own
    return
  fi
  if ! tw_needed=$(modprobe -D "$2" 2> /dev/null < /dev/null); then
    tw_say "$1" absent
    return
  fi
  # Without modinfo it is not known which devices the modules would take.
  command -v modinfo > /dev/null || return 0
  tw_free
  tw_found=own
  # Aliases are patterns, but not patterns of file names.
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

# tw_free: sets TW_FREE to the modaliases of devices that are not own and have no driver, one per line.
tw_free() {
  TW_FREE=
  for tw_x in "$TG_ROOT"/sys/bus/*/devices/*; do
    [ ! -e "$tw_x/driver" ] && [ -r "$tw_x/modalias" ] || continue
    if tw_at "$tw_x" && ! tw_below && read -r tw_line < "$tw_x/modalias"; then
      TW_FREE=$TW_FREE$tw_line$TW_NL
    fi
  done
}

# tw_instance NUMBER BUS DEVICE: judges a devlink instance. It may be named by its index, and may have no device.
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

# tw_path NUMBER PATH VALUE: judges a file by its place and by the value that is written to it.
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

# tw_debugfs NUMBER PATH: judges a path in debugfs by a folder that has the name of a device or of a netdev.
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
