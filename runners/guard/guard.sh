# Finds the devices of a board that carry its root filesystem and its connection to the host. POSIX sh (dash, busybox ash) with
# readlink and ip of iproute2; it only reads. Filesystems are in guard_filesystems.sh. The host calls tg_survey. Then it calls
# tg_unbound, tg_taken or tg_handle for each device that a plan may take away. The output has one line for each finding, with
# tabs between the fields:
#   device PATH BUS MODULE WHAT   a device in sysfs, the module of its driver, and what the board loses with it
#   netdev NAME WHAT              a netdev of the connection, or of a network filesystem
#   module NAME WHAT              the module that creates a netdev without a device of its own
#   unknown WHAT                  what could not be determined
#   target NUMBER PATH            the device that a step would take away
#   done                          the last line: the output is complete
# TG_ROOT is a prefix for /sys and /proc, for tests.

TG_NL='
'
TG_DEVICES=$TG_NL
TG_NETDEVS=' '
TG_BLOCKS=$TG_NL
TG_SEEN=' '
# Empty if it does not matter that something could not be determined.
TG_NEEDED=1

tg_say() {
  tg_line=$1
  shift
  for tg_word in "$@"; do tg_line="$tg_line	$tg_word"; done
  printf '%s\n' "$tg_line"
}

tg_unknown() {
  [ -z "$TG_NEEDED" ] || tg_say unknown "$1"
}

# tg_at DIRECTORY: sets TG_AT to its path without symbolic links.
tg_at() {
  TG_AT=$(CDPATH='' cd -P -- "$1" 2> /dev/null && pwd -P)
}

# tg_last LINK: sets TG_LAST to the last part of the link's target; empty if there is no such link.
tg_last() {
  TG_LAST=
  [ ! -e "$1" ] || TG_LAST=$(CDPATH='' cd -P -- "$1" 2> /dev/null && pwd -P)
  TG_LAST=${TG_LAST##*/}
}

# tg_read FILE: sets TG_READ to its first line.
tg_read() {
  TG_READ=
  [ -r "$1" ] && IFS= read -r TG_READ < "$1"
} 2> /dev/null

# tg_device DIRECTORY WHAT: reports a device, the devices above it, and the devices whose unbinding unbinds one of these.
tg_device() {
  tg_at "$1" || return 1
  set -- "$TG_AT" "$2"
  while :; do
    case $1 in "$TG_ROOT"/sys/devices/*) ;; *) return 0 ;; esac
    case $TG_DEVICES in *"$TG_NL$1$TG_NL"*) return 0 ;; esac
    if [ -e "$1/uevent" ]; then
      TG_DEVICES=$TG_DEVICES$1$TG_NL
      tg_last "$1/subsystem"
      tg_bus=$TG_LAST
      tg_last "$1/driver/module"
      tg_say device "${1#"$TG_ROOT"}" "$tg_bus" "$TG_LAST" "$2"
      # A virtual function disappears with its physical function.
      if [ -e "$1/physfn" ]; then tg_device "$1/physfn" "$2"; fi
      tg_suppliers "$1" "$2"
    fi
    set -- "${1%/*}" "$2"
  done
}

# tg_suppliers DEVICE WHAT: reports the suppliers of its device links, except links that do not unbind the consumer.
tg_suppliers() {
  for tg_x in "$1"/supplier:*; do
    [ -e "$tg_x/supplier" ] || continue
    tg_read "$tg_x/status"
    [ "$TG_READ" != "not tracked" ] || continue
    tg_read "$tg_x/sync_state_only"
    [ "$TG_READ" != 1 ] || continue
    tg_device "$tg_x/supplier" "$2, as a supplier of ${1##*/}"
  done
}

# tg_netdev NAME WHAT CHAIN: reports a netdev, and all netdevs below it.
tg_netdev() {
  case $TG_NETDEVS in *" $1 "*) return 0 ;; esac
  TG_NETDEVS="$TG_NETDEVS$1 "
  if ! tg_at "$TG_ROOT/sys/class/net/$1"; then
    tg_unknown "the device of netdev $1, which carries $2"
    return 0
  fi
  set -- "$1" "$2" "$3" "$TG_AT" ""
  [ "$1" != lo ] || return 0
  tg_say netdev "$1" "$2 ($3)"
  for tg_x in "$4"/lower_*; do
    [ -e "$tg_x" ] || continue
    set -- "$1" "$2" "$3" "$4" below
    tg_netdev "${tg_x##*/lower_}" "$2" "${tg_x##*/lower_} -> $3"
  done
  if [ -e "$4/device" ]; then
    set -- "$1" "$2" "$3" "$4" below
    tg_device "$4/device" "$2 ($3)"
  fi
  # The PHY of a netdev can be unbound alone.
  if [ -e "$4/phydev" ]; then tg_device "$4/phydev" "$2 ($3)"; fi
  tg_kind "$4"
  [ -z "$TG_KIND" ] || tg_say module "$TG_KIND" "$2 ($3)"
  [ -n "$5" ] || tg_peer "$@" || tg_unknown "what is below netdev $1, which carries $2"
}

# tg_kind NETDEV: sets TG_KIND to the module that created the netdev. A netdev does not prevent the unloading of such a module.
tg_kind() {
  TG_KIND=
  while IFS='=' read -r tg_key tg_value; do
    [ "$tg_key" = DEVTYPE ] || continue
    case $tg_value in
      bond) TG_KIND=bonding ;;
      vlan) TG_KIND=8021q ;;
      bridge | macvlan | ipvlan | vxlan | hsr | wireguard) TG_KIND=$tg_value ;;
    esac
  done < "$1/uevent"
} 2> /dev/null

# tg_peer NAME WHAT CHAIN PATH: reports the other end of a veth pair, if it is a port of a netdev on this board.
tg_peer() {
  tg_read "$4/ifindex"
  tg_own=$TG_READ
  tg_read "$4/iflink"
  tg_other=$TG_READ
  [ -n "$tg_own" ] && [ -n "$tg_other" ] && [ "$tg_own" != "$tg_other" ] || return 1
  for tg_x in "$TG_ROOT"/sys/class/net/*; do
    tg_read "$tg_x/ifindex"
    [ "$TG_READ" = "$tg_other" ] || continue
    tg_read "$tg_x/iflink"
    [ "$TG_READ" = "$tg_own" ] && [ -e "$tg_x/master" ] || continue
    tg_last "$tg_x/master"
    tg_netdev "$TG_LAST" "$2" "$TG_LAST -> ${tg_x##*/} -> $3"
    return 0
  done
  return 1
}

# tg_route ADDRESS WHAT: reports the netdev of the route to an address; fails if there is no route.
tg_route() {
  case $1 in
    *%*)
      tg_netdev "${1##*%}" "$2" "${1##*%}"
      return 0
      ;;
  esac
  tg_got=$(ip -o route get "$1" 2> /dev/null < /dev/null) || return 1
  case $tg_got in *" dev "*) ;; *) return 1 ;; esac
  tg_got=${tg_got#* dev }
  tg_netdev "${tg_got%% *}" "$2" "${tg_got%% *}"
}

# tg_local ADDRESS WHAT: reports the netdevs that have an address; fails if no netdev has it.
tg_local() {
  tg_some=
  while read -r tg_index tg_name tg_rest; do
    [ -n "$tg_name" ] || continue
    tg_name=${tg_name%%@*}
    tg_some=$tg_name
    tg_netdev "$tg_name" "$2" "$tg_name"
  done << EOF
$(ip -o addr show to "$1" 2> /dev/null < /dev/null)
EOF
  [ -n "$tg_some" ]
}

# tg_plain ADDRESS: sets TG_PLAIN to the address; an IPv4 address in IPv6 form becomes plain IPv4.
tg_plain() {
  TG_PLAIN=$1
  case $1 in ::ffff:*.*) TG_PLAIN=${1#::ffff:} ;; esac
}

# tg_ssh CLIENT PORT SERVER PORT: reports the connection of sshd; the arguments are the words of SSH_CONNECTION.
tg_ssh() {
  if [ $# -ne 4 ]; then
    tg_unknown "the netdev of the connection (the board's sshd does not set SSH_CONNECTION)"
    return 0
  fi
  tg_plain "$3"
  set -- "$1" "$TG_PLAIN"
  tg_plain "$1"
  set -- "$TG_PLAIN" "$2" "the connection by ssh from $TG_PLAIN"
  # The local address may be on lo: then only the route to the client shows the netdev of the connection.
  tg_routed=1
  tg_route "$1" "$3" || tg_routed=
  case $2 in *%*) tg_netdev "${2##*%}" "$3" "${2##*%}"; return 0 ;; esac
  tg_local "$2" "$3" || [ -n "$tg_routed" ] || tg_unknown "the netdev of $3"
}

# tg_serial TTY: reports the device of a serial line's port.
tg_serial() {
  if [ "$1" = /dev/console ]; then
    tg_read "$TG_ROOT/sys/class/tty/console/active"
    for tg_x in $TG_READ; do tg_serial "/dev/$tg_x"; done
    return 0
  fi
  if tg_at "$TG_ROOT/sys/class/tty/${1#/dev/}"; then
    case $TG_AT in
      */sys/devices/virtual/*) ;;
      *)
        tg_device "$TG_AT" "the connection over the serial line (${1#/dev/})"
        return 0
        ;;
    esac
  fi
  tg_unknown "the device of the serial line ${1:-that it is spoken to through}"
}

# tg_survey ssh|serial|local: reports everything that the board must not lose.
tg_survey() {
  [ -z "$TG_ROOT" ] || TG_ROOT=$(CDPATH='' cd -P -- "$TG_ROOT" && pwd -P)
  if ! tg_at "$TG_ROOT/sys/devices"; then
    tg_unknown "its devices (/sys is not mounted)"
    return 0
  fi
  case $1 in
    ssh) tg_ssh $SSH_CONNECTION ;;
    serial) tg_serial "${TG_TTY:-$(readlink "/proc/$$/fd/0")}" ;;
    # The user of the local host may be logged in by ssh.
    *) [ -z "$SSH_CONNECTION" ] || tg_ssh $SSH_CONNECTION ;;
  esac
  tg_filesystems
}

# tg_target NUMBER DIRECTORY: reports the device that a step would take away.
tg_target() {
  ! tg_at "$2" || tg_say target "$1" "${TG_AT#"$TG_ROOT"}"
}

# tg_unbound NUMBER FOLDER NAME: reports the device that has this name at the driver of this folder.
tg_unbound() {
  [ -n "$3" ] || return 0
  if tg_at "$TG_ROOT$2"; then
    if [ -d "$TG_AT/$3" ]; then
      tg_target "$1" "$TG_AT/$3"
      return 0
    fi
    case $TG_AT in
      "$TG_ROOT"/sys/bus/*)
        tg_x=${TG_AT#"$TG_ROOT"/sys/bus/}
        tg_target "$1" "$TG_ROOT/sys/bus/${tg_x%%/*}/devices/$3"
        return 0
        ;;
    esac
  fi
  # The driver is not loaded yet: report every device of this name.
  for tg_x in "$TG_ROOT"/sys/bus/*/devices/"$3"; do
    [ ! -e "$tg_x" ] || tg_target "$1" "$tg_x"
  done
}

# tg_taken NUMBER FOLDER: reports the device in this folder.
tg_taken() {
  tg_target "$1" "$TG_ROOT$2"
}

# tg_handle NUMBER BUS NAME: reports the device of a devlink handle.
tg_handle() {
  tg_target "$1" "$TG_ROOT/sys/bus/$2/devices/$3"
}
