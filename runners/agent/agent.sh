# twinlink's agent: sent to the board once over agent_wire.sh; then it runs plans. POSIX sh (dash, busybox ash), with iproute2's
# devlink and ip and the usual small tools. Before it, the host sets TL_N, a random word that bounds the sections of a record.
# Every record of a plan is stored in $TL_D until the next plan, so that it can be sent again.

TL_PLAN=
TL_NETNS=
TL_SETTLE=
TL_SIFT=
TL_LATE=0
TL_STILL=0
TL_BEATER=
# The command that waits for a process that was ended. At the end of the agent nothing is waited for, see tl_stop.
TL_WAIT=wait
tl_child=
TL_BROKEN=
TL_MARK=
TL_SEEN=
TL_NEXT=
TL_GAP=
TL_FINDINGS=
TL_DEVICE=
tl_out=/dev/null

tl_now() {
  read -r TL_UP TL_IDLE < /proc/uptime || read -r TL_UP TL_IDLE < /proc/uptime
}

# Starts a monitor of each kind in a netns. Each appends to its file, so that the file can be emptied after each step.
tl_watch() {
  case " $TL_NETNS " in *" $1 "*) return 0 ;; esac
  [ "$1" = init ] || [ -e "/run/netns/$1" ] || [ -e "/var/run/netns/$1" ] || return 0
  if [ "$1" = init ]; then
    devlink -jvs monitor < /dev/null >> "$TL_D/n.$1" 2> "$TL_D/ne.$1" &
    eval "TL_PN_$1=$!"
    ip -o monitor link < /dev/null >> "$TL_D/l.$1" 2> "$TL_D/le.$1" &
    eval "TL_PL_$1=$!"
  else
    devlink -N "$1" -jvs monitor < /dev/null >> "$TL_D/n.$1" 2> "$TL_D/ne.$1" &
    eval "TL_PN_$1=$!"
    ip -n "$1" -o monitor link < /dev/null >> "$TL_D/l.$1" 2> "$TL_D/le.$1" &
    eval "TL_PL_$1=$!"
  fi
  TL_NETNS="$TL_NETNS $1"
  tl_stream "n.$1"
  tl_stream "l.$1"
  eval "tl_listening \$TL_PN_$1 16"
  eval "tl_listening \$TL_PL_$1 0"
}

# tl_socket PID PROTOCOL: sets TL_GROUPS, TL_RMEM and TL_DROPS from the netlink socket of that process.
tl_socket() {
  TL_GROUPS= TL_RMEM=1 TL_DROPS=
  while read -r tl_sk tl_eth tl_pid tl_grp tl_rm tl_wm tl_dump tl_locks tl_drp tl_ino; do
    if [ "$tl_pid" = "$1" ] && [ "$tl_eth" = "$2" ]; then
      TL_GROUPS=$tl_grp TL_RMEM=$tl_rm TL_DROPS=$tl_drp
      return 0
    fi
  done < "/proc/$1/net/netlink"
  return 1
} 2> /dev/null

# Waits until a monitor has joined its multicast group.
tl_listening() {
  tl_i=0
  while [ $tl_i -lt 2000 ]; do
    tl_i=$((tl_i + 1))
    if tl_socket "$1" "$2" && [ "$TL_GROUPS" != 00000000 ]; then
      tl_asleep "$1"
      return 0
    fi
    [ $((tl_i % 100)) -ne 0 ] || sleep 1
    tl_lives "$1" || return 1
  done
  return 1
}

# tl_state PID: sets TL_STATE to the letter of the process state; empty if there is no such process. It reads `stat`, which is
# one line. If a process ends while bash reads the first lines of `status`, the next `read` of any file returns the other lines.
tl_state() {
  TL_STATE=
  read -r tl_line < "/proc/$1/stat" || return 1
  tl_line=${tl_line##*) }
  TL_STATE=${tl_line%"${tl_line#?}"}
} 2> /dev/null

# tl_asleep PID: waits until a process sleeps. The kernel delivers multicast before the system call that caused it returns, and
# wakes the monitor. So a monitor that sleeps has read every message, and written it.
tl_asleep() {
  tl_j=0
  while [ $tl_j -lt 20000 ]; do
    tl_j=$((tl_j + 1))
    tl_state "$1" || return 1
    case $TL_STATE in
      S) return 0 ;;
      Z | X) return 1 ;;
    esac
  done
  return 1
}

tl_unwatch() {
  case " $TL_NETNS " in *" $1 "*) ;; *) return 0 ;; esac
  tl_unserve "$1"
  eval "tl_p=\$TL_PN_$1 tl_q=\$TL_PL_$1"
  kill $tl_p $tl_q 2> /dev/null
  $TL_WAIT $tl_p $tl_q 2> /dev/null
  tl_rest=
  for tl_x in $TL_NETNS; do
    [ "$tl_x" = "$1" ] || tl_rest="$tl_rest $tl_x"
  done
  TL_NETNS=$tl_rest
}

# tl_breaks LINE: sets TL_BROKEN if a line of the kernel log states that the kernel broke. A report of a sanitiser does not
# count, and no line of a program does (priority 8 or more).
tl_breaks() {
  case $1 in [0-7],*) ;; *) return 0 ;; esac
  case ${1#*;} in
    "BUG: KASAN: "* | "BUG: KMSAN: "* | "BUG: KFENCE: "*) ;;
    "BUG: "* | Oops* | "Internal error: "* | "Unable to handle kernel "* | "general protection fault"* | \
      "kernel BUG at"* | "stack segment"* | "invalid opcode"* | "Kernel panic - not syncing"*) TL_BROKEN=1 ;;
  esac
}

# tl_kmsg: prints the kernel log up to the last mark. The mark goes through the log itself, so every earlier line is before it.
# For the mark of a step it prints `@` and the number of the step. Records count up: if some are missing because newer ones
# overwrote them before they were read, TL_GAP names the gap. Returns 2 if the log has no end: then it is not read further,
# except to see whether the kernel broke.
tl_kmsg() {
  tl_i=0 tl_size=0
  tl_part=
  while [ $tl_i -lt 200000 ]; do
    tl_line=
    if IFS= read -r tl_line <&7; then
      tl_line=$tl_part$tl_line
      tl_part=
      tl_size=$((tl_size + ${#tl_line}))
      [ $tl_size -le $((TL_MOST / 8 * 7)) ] || {
        grep -E ';(BUG: |Oops|Internal error: |Unable to handle kernel |general protection fault|Kernel panic )' <&7 |
          grep -v -E 'BUG: (KASAN|KMSAN|KFENCE): ' | grep -c . > /dev/null && TL_BROKEN=1
        # The records that were skipped are no gap.
        TL_NEXT=
        return 2
      }
      case $tl_line in
        [0-9]*,[0-9]*,*)
          tl_record=${tl_line#*,}
          tl_record=${tl_record%%,*}
          [ "$tl_record" = "${TL_NEXT:-$tl_record}" ] || TL_GAP=${TL_GAP:-record $tl_record follows record $((TL_NEXT - 1))}
          TL_NEXT=$((tl_record + 1))
          ;;
      esac
      case $tl_line in
        *";twinlink $TL_N "*)
          printf '@%s\n' "${tl_line##* }"
          case $tl_line in *";twinlink $TL_N $TL_MARK") return 0 ;; esac
          continue
          ;;
        *) printf '%s\n' "$tl_line" ;;
      esac
      tl_breaks "$tl_line"
    else
      # A line that is still being written may be there in part: a file grows by the page.
      tl_part=$tl_part$tl_line
      tl_i=$((tl_i + 1))
      # The process that copies the log ends where no space is left.
      [ $((tl_i % 200)) != 0 ] || [ -z "$TL_CAT" ] || tl_lives $TL_CAT || return 1
    fi
  done
  return 1
} 2> /dev/null

tl_mark() {
  TL_MARK=$1
  printf '<7>twinlink %s %s\n' "$TL_N" "$1" > /dev/kmsg
} 2> /dev/null

# tl_sift: prints the lines by which rounds are judged: all lines that may be findings, or may belong to a finding. Of the other
# lines it prints one of each kind, and how many more there were. Lines that differ only in numbers are of one kind. Of calls on
# a removed PCS it prints the first 20.
tl_sift() {
  set -- $(wc -l < "$TL_D/log")
  grep -E "$TL_SIFT" "$TL_D/log" > "$TL_D/found"
  [ $? -le 1 ] || return 1
  tl_i=0
  tl_j=0
  while IFS= read -r tl_line; do
    case $tl_line in *" on a removed PCS") tl_i=$((tl_i + 1)) ;; esac
    case $tl_line in *" on a removed PCS") [ $tl_i -le 20 ] || continue ;; esac
    tl_j=$((tl_j + 1))
    printf '%s\n' "$tl_line"
  done < "$TL_D/found"
  if command -v awk > /dev/null; then
    TL_SIFT="$TL_SIFT" awk "$TL_KINDS" "$TL_D/log" > "$TL_D/found"
    cat "$TL_D/found"
    while IFS= read -r tl_line; do
      tl_j=$((tl_j + 1))
    done < "$TL_D/found"
  fi
  printf '14,0,0,-;twinlink: %s more lines\n' $(($1 - 1 - tl_j))
}

# An awk program: prints one line of each kind of the kernel's lines, up to 200, each with the device that logged it.
TL_KINDS='
/^[0-9]/ { new = 0 }
/^[0-7],/ && $0 !~ ENVIRON["TL_SIFT"] {
  kind = substr($0, index($0, ";") + 1)
  gsub(/[0-9]+/, "0", kind)
  new = !(kind in seen) && kinds < 200
  if (new) { seen[kind] = 1; kinds++; print }
}
/^ DEVICE=/ && new'

# tl_start_ticker SECONDS: sends SIGUSR1 to the agent every SECONDS seconds (a tick). A tick ends a `read` that gets no input.
# It must not interrupt `wait`, since bash then loses the exit status. Once a bound has passed, SIGUSR2 interrupts `wait`. A
# late tick shows that the board had no CPU to give, or stood still. So does CPU time that the kernel does not account for.
tl_start_ticker() {
  trap 'TL_T=$((TL_T + 1))' USR1
  trap : USR2
  tl_bound 0
  tl_now
  tl_ticked 0 0
  (
    trap - USR1 USR2
    while sleep "$1" && kill -USR1 $$; do
      tl_now
      tl_late
      tl_gap $((tl_up - tl_tick))
      [ $tl_gap -le $((TL_LATE - tl_sum)) ] || TL_LATE=$((tl_sum + tl_gap))
      tl_ticked $TL_LATE $tl_still
      read -r tl_due < "$TL_D/bound"
      [ "$tl_due" -eq 0 ] || [ $TL_OWN -lt "$tl_due" ] || kill -USR2 $$
    done
  ) < /dev/null > /dev/null 2>&1 &
  TL_TICKER=$!
}

# tl_gap PASSED: sets tl_gap to the time since the last tick that the kernel does not account for, in hundredths of a second. It
# takes the CPU that lost the most: in that time the host of a guest did not run it. A small loss counts as 0: every machine has
# it. A CPU that did nothing is left out, since not every kernel accounts for idle time.
tl_gap() {
  tl_gap=0
  while read -r tl_cpu tl_u tl_n tl_s tl_i tl_w tl_q tl_r tl_rest; do
    case $tl_cpu in
      cpu) continue ;;
      cpu[0-9] | cpu[0-9][0-9] | cpu[0-9][0-9][0-9]) ;;
      *) break ;;
    esac
    tl_r=$((tl_u + tl_n + tl_s + tl_q + tl_r))
    tl_i=$((tl_r + tl_i + tl_w))
    eval "tl_rest=\${TL_R_$tl_cpu:-$tl_r} tl_w=\${TL_I_$tl_cpu:-$tl_i} TL_R_$tl_cpu=$tl_r TL_I_$tl_cpu=$tl_i"
    [ $tl_r = "$tl_rest" ] || [ $(($1 - tl_i + tl_w)) -le $tl_gap ] || tl_gap=$(($1 - tl_i + tl_w))
  done < /proc/stat
  [ $((4 * tl_gap)) -ge "$1" ] || tl_gap=0
}

# tl_ticked LATE STILL: writes three times and their sum, in hundredths of a second: how late all ticks so far came; how late
# only the far too late ticks came; and TL_UP. The sum shows a reader that the file is only half written. The length of the file
# never changes, so that writing it needs no space.
tl_ticked() {
  tl_up=$((${TL_UP%.*} * 100 + 1${TL_UP#*.} - 100))
  printf '%-16d%-16d%-16d%-16d\n' "$1" "$2" $tl_up $(($1 + $2 + tl_up)) 1<> "$TL_D/late"
}

# tl_late: sets TL_LATE to how late the ticks up to TL_UP came, in hundredths of a second; a tick that is due counts, too. Sets
# TL_OWN to the seconds of TL_UP in which the board did not stand still.
tl_late() {
  tl_up=$((${TL_UP%.*} * 100 + 1${TL_UP#*.} - 100)) tl_tries=0
  while [ $tl_tries -lt 50 ]; do
    tl_tries=$((tl_tries + 1))
    read -r tl_sum tl_still tl_tick tl_both < "$TL_D/late" || continue
    # A half-written number may have letters or a leading zero. Either one ends a shell that calculates with it.
    case " $tl_sum $tl_still $tl_tick" in *[!0-9\ ]* | *" 0"[0-9]*) continue ;; esac
    [ "$tl_both" = $((tl_sum + tl_still + tl_tick)) ] || continue
    tl_due=$((tl_up - tl_tick - 100))
    [ $tl_due -gt 0 ] || tl_due=0
    [ $tl_due -lt 50 ] || tl_still=$((tl_still + tl_due))
    TL_LATE=$((tl_sum + tl_due)) TL_STILL=$tl_still
    break
  done
  TL_OWN=$(((tl_up - TL_STILL) / 100))
} 2> /dev/null

# Reports each second that the board is alive while a plan runs. It is a process of its own, since a write to the line may
# block.
tl_start_beat() {
  (
    trap - USR1 USR2
    while sleep $TLC_BEAT_SECONDS && kill -0 $$; do
      [ ! -s "$TL_D/busy" ] || printf '\n%s\n' "$TLC_BEAT" >&3
    done
  ) < /dev/null 3>&1 > /dev/null 2>&1 &
  TL_BEATER=$!
}

# tl_bound OWN: writes when the bound passes, in seconds of TL_OWN; 0 for none. The length stays the same, so that it needs no
# space.
tl_bound() {
  printf '%010d\n' "$1" 1<> "$TL_D/bound"
}

# tl_wait PID: sets TL_RC to the exit status of a process that is about to end.
tl_wait() {
  trap '' USR1
  wait "$1"
  TL_RC=$?
  trap 'TL_T=$((TL_T + 1))' USR1
}

# tl_kill PID: kills a process and its children, if /proc lists them.
tl_kill() {
  tl_kids=
  read -r tl_kids < "/proc/$1/task/$1/children"
  kill -9 "$1" $tl_kids
} 2> /dev/null

# tl_bounded SECONDS COMMAND...: runs a command. Sets TL_RC to its exit status, or to `hang` if the bound has passed.
tl_bounded() {
  tl_now
  tl_late
  TL_LIMIT=$((TL_OWN + 1 + $1))
  tl_bound $TL_LIMIT
  shift
  "$@" < /dev/null >> "$tl_out" 2> "$TL_D/err" &
  tl_child=$!
  while :; do
    tl_wait $tl_child
    if [ $TL_RC -le 128 ]; then break; fi
    tl_now
    tl_late
    if ! kill -0 $tl_child 2> /dev/null; then
      # The child ended just as a signal came. dash still has the exit status of a child that exited by itself; bash has none.
      wait $tl_child 2> /dev/null
      tl_rc=$?
      [ $tl_rc = 127 ] || TL_RC=$tl_rc
      [ $TL_RC -le 128 ] || [ $TL_OWN -lt $TL_LIMIT ] || TL_RC=hang
      break
    fi
    if [ $TL_OWN -ge $TL_LIMIT ]; then
      tl_kill $tl_child
      TL_RC=hang
      break
    fi
  done
  tl_child=
  tl_bound 0
  [ $TL_RC != hang ]
}

# The functions that the lines of a plan run. Each is given to tl_step.

# tl_in NETNS COMMAND...: runs a command in a netns, by exec: so whatever ends a step that hangs also ends the command.
tl_in() {
  if [ "$1" = init ]; then
    shift
    exec "$@"
  else
    exec ip netns exec "$@"
  fi
}

tl_devlink() {
  if [ "$1" = init ]; then
    shift
    exec devlink "$@"
  else
    exec devlink -N "$@"
  fi
}

# tl_write: writes a file by one write(2). dd reports the errno; a shell's own redirection does not.
tl_write() {
  tl_text=$TL_D/in$TL_WHO
  if [ "${4-}" ]; then printf %s "$3"; else printf '%s\n' "$3"; fi > "$tl_text"
  tl_in "$1" dd if="$tl_text" of="$2" bs=4096 count=1 conv=notrunc
}

# tl_firmware: writes a file in /lib/firmware, a folder that may not exist yet.
tl_firmware() {
  mkdir -p "${2%/*}" && tl_write "$@"
}

# tl_device HANDLE OPERATION: operates the emulated device through its mailbox, see fixtures/devices/mailbox.ts.
tl_device() {
  tl_config=/sys/bus/pci/devices/${1#pci/}/config
  if [ "$(tl_mailbox 512 4)" != TWLK ]; then
    tl_unoperated "$1" "it is no emulated device"
  elif [ ${#2} -gt 1984 ]; then
    tl_unoperated "$1" "an operation of ${#2} bytes; 1984 at most"
  elif ! { printf %s "$2" | tl_post 64 33 && printf %04d ${#2} | tl_post 4 513; }; then
    # The status in the mailbox is not read: it is from an earlier operation.
    tl_unoperated "$1" "its mailbox cannot be written"
  else
    while tl_status=$(tl_mailbox 514 4) && [ "$tl_status" = busy ]; do tl_sleep 0.02 1; done
    tl_text=$(tl_mailbox 33 64 31)
    [ "$tl_status" = "done" ] || tl_unoperated "$1" "$tl_status: $tl_text" || return 1
    printf '%s\n' "$tl_text"
  fi
}

tl_unoperated() {
  echo "twinlink: Cannot operate device $1: $2" >&2
  return 1
}

# tl_post SIZE PLACE: writes its standard input into the configuration space.
tl_post() {
  dd of="$tl_config" bs=$1 seek=$2 conv=notrunc 2> /dev/null
}

# tl_device_step ID: writes into the log of the emulated device TL_DEVICE that a step begins. A bound limits the write: a
# function that is being reset may delay every access to its configuration space.
tl_device_step() {
  printf %04d "$1" 1<> "$TL_D/step"
  tl_bounded 5 dd if="$TL_D/step" of="$TL_DEVICE" bs=4 seek=515 conv=notrunc
}

# tl_mailbox PLACE SIZE [COUNT]: prints bytes of the mailbox.
tl_mailbox() {
  dd if="$tl_config" bs=$2 skip=$1 count=${3:-1} 2> /dev/null
}

tl_read() {
  tl_in "$1" dd if="$2" bs=65536
}

# tl_broken STATUS: true if a program with this exit status did no work: it was not found, could not be started, or a signal
# ended it.
tl_broken() {
  [ "$1" -ge 126 ] && [ "$1" -lt 255 ]
}

# tl_netdev NETNS HANDLE PORT: sets tl_devname to the port's netdev, as devlink on the board names it.
tl_netdev() {
  tl_devname=$(tl_devlink "$1" -j port show "$2/$3")
  tl_rc=$?
  ! tl_broken $tl_rc || return $tl_rc
  case $tl_devname in
    *'"netdev":"'*)
      tl_devname=${tl_devname#*'"netdev":"'}
      tl_devname=${tl_devname%%'"'*}
      ;;
    *) tl_devname= ;;
  esac
  if [ -z "$tl_devname" ]; then
    echo "twinlink: port $2/$3 has no netdev" >&2
    return 1
  fi
}

tl_link_set() {
  tl_netdev "$1" "$2" "$3" || return $?
  tl_in "$1" ip link set dev "$tl_devname" "$4"
}

tl_link_move() {
  tl_netdev "$1" "$2" "$3" || return $?
  tl_in "$1" ip link set dev "$tl_devname" netns "$4"
}
tl_link_rename() {
  tl_netdev "$1" "$2" "$3" || return $?
  tl_in "$1" ip link set dev "$tl_devname" name "$4"
}
# tl_ethtool NETNS HANDLE PORT OPTION [WORD]: runs ethtool on the netdev of a port.
tl_ethtool() {
  tl_netdev "$1" "$2" "$3" || return $?
  tl_in "$1" ethtool "$4" "$tl_devname" ${5:+"$5"}
}
tl_link_show() {
  tl_netdev "$1" "$2" "$3" || return $?
  tl_in "$1" ip -o link show dev "$tl_devname"
}

tl_sleep() {
  sleep "$1" 2> /dev/null || sleep "$2"
}

# tl_pass SECONDS WHOLE_SECONDS: waits. Of whole seconds, only the time in which the board did not stand still counts.
tl_pass() {
  case $1 in 0 | 0.*)
    tl_sleep "$1" "$2"
    return
    ;;
  esac
  tl_now
  tl_late
  tl_k=$((TL_OWN + ${1%.*}))
  tl_sleep "$1" "$2"
  while tl_now && tl_late && [ $TL_OWN -lt $tl_k ]; do tl_sleep 1 1; done
}

# tl_until HANDLE: waits until the instance is in this netns, 5 s at most.
tl_until() {
  tl_k=0
  while [ $tl_k -lt 250 ]; do
    devlink dev show "$1" > /dev/null 2>&1 && return 0
    tl_rc=$?
    ! tl_broken $tl_rc || return $tl_rc
    tl_k=$((tl_k + 1))
    tl_sleep 0.02 1
  done
  echo "twinlink: $1 did not come back within 5 s" >&2
  return 1
}

tl_netns_del() {
  ip netns del "$1" || return $?
  [ -z "$2" ] || tl_until "$2"
}

# tl_during FUNCTION FUNCTION: runs the second function again and again while the first one runs; once at least.
tl_during() {
  "$1" > /dev/null 2> "$TL_D/during" &
  tl_d=$!
  while :; do
    tl_now
    printf '\n--%s poll %s\n' "$TL_N" "$TL_UP"
    ("$2") 2> "$TL_D/poll"
    tl_rc=$?
    # devlink(8) ends by its own assertion if an error left its JSON unfinished: the poll then failed with 1.
    [ $tl_rc != 134 ] || ! grep -q 'Assertion .* failed' "$TL_D/poll" || tl_rc=1
    printf '\n--%s polled %s\n' "$TL_N" $tl_rc
    kill -0 $tl_d 2> /dev/null || break
  done
  wait $tl_d
  tl_rc=$?
  cat "$TL_D/during" >&2
  return $tl_rc
}

# tl_listen NETNS FUNCTION [BUS/DEVICE[/PORT]]: runs a function while devlink-listen listens, with a filter. The listener ends
# with its input.
tl_listen() {
  tl_f=$2
  rm -f "$TL_D/listen" "$TL_D/heard"
  mkfifo "$TL_D/listen" || return 1
  (tl_in "$1" devlink-listen ${3:+"$3"}) < "$TL_D/listen" > "$TL_D/heard" &
  tl_d=$!
  exec 9> "$TL_D/listen"
  while [ ! -s "$TL_D/heard" ]; do
    kill -0 $tl_d 2> /dev/null || { wait $tl_d; return; }
    tl_sleep 0.02 1
  done
  (exec 9>&-; "$tl_f") > /dev/null
  tl_f=$?
  exec 9>&-
  # A listener that lost a message prints no `end`.
  wait $tl_d
  cat "$TL_D/heard"
  return $tl_f
}

# tl_rounds TIMES FUNCTION [FUNCTION]: runs the first function TIMES times, or until it fails; meanwhile the second one again
# and again.
tl_rounds() {
  tl_m=
  : > "$TL_D/broken"
  if [ -n "$3" ]; then
    : > "$TL_D/more"
    (
      TL_WHO=2
      while [ -e "$TL_D/more" ]; do
        "$3"
        tl_rc=$?
        ! tl_broken $tl_rc || {
          echo $tl_rc > "$TL_D/broken"
          break
        }
      done
    ) > /dev/null 2>&1 &
    tl_m=$!
  fi
  tl_round_rc=0
  tl_left=$1
  while [ "$tl_left" -gt 0 ]; do
    tl_left=$((tl_left - 1))
    "$2" > /dev/null 2> "$TL_D/round" || {
      tl_round_rc=$?
      break
    }
  done
  rm -f "$TL_D/more"
  [ -z "$tl_m" ] || wait $tl_m
  # If the second function's program did no work, the rounds show nothing: its status is the result.
  [ $tl_round_rc != 0 ] || [ ! -s "$TL_D/broken" ] || read -r tl_round_rc < "$TL_D/broken"
  [ $tl_round_rc = 0 ] || cat "$TL_D/round" >&2
  return $tl_round_rc
}

# tl_agree: true if the operational state of every netdev that is up follows its carrier.
tl_agree() {
  for tl_x in /sys/class/net/*; do
    read -r tl_flags < "$tl_x/flags" && [ $((tl_flags & 1)) = 1 ] || continue
    read -r tl_carrier < "$tl_x/carrier" && read -r tl_state < "$tl_x/operstate" || continue
    case $tl_carrier$tl_state in 1down | 0up | 0unknown | 0dormant) return 1 ;; esac
  done
} 2> /dev/null

# tl_settle SECONDS WHOLE_SECONDS: waits that time, then until the operational states follow the carriers, 2.5 s at most. The
# kernel updates the states up to 1 s later (net/core/link_watch.c).
tl_settle() {
  tl_sleep "$1" "$2"
  tl_k=0
  while [ $tl_k -lt 50 ]; do
    tl_agree && return 0
    tl_k=$((tl_k + 1))
    tl_sleep 0.05 1
  done
}

# tl_try COMMAND...: reports a command that fails or hangs, with its exit status and the first line of its error. A grep that
# finds nothing is no failure.
tl_try() {
  : > "$TL_D/out"
  tl_out=$TL_D/out
  tl_bounded 10 "$@"
  tl_out=/dev/null
  [ "$TL_RC" != 0 ] && [ "$TL_RC $1" != "1 grep" ] || return 0
  printf 'fails %s %s|%s\n' $TL_RC "$*" "$(head -n 1 "$TL_D/err" | head -c 200)"
  return 1
}

# tl_ready NUMBER SECONDS COMMAND...: makes the board ready for its plans. TL_UNREADY names the first command that fails. After
# that no command is run, nor while an agent of another run is in a plan or has the device.
tl_ready() {
  [ -z "$TL_UNREADY$TL_BUSY$TL_HELD" ] || return 0
  tl_number=$1 tl_seconds=$2
  shift 2
  # A daemon that the command starts does not belong to this run.
  TL_KIN=
  tl_bounded "$tl_seconds" "$@"
  TL_KIN=$TL_N
  [ "$TL_RC" = 0 ] || TL_UNREADY="$tl_number $TL_RC $(head -n 1 "$TL_D/err" | head -c 200)"
}

# tl_facts_begin: begins the record of what the board has, read before the first plan. It has a section for each command; all of
# them only show. Meanwhile the board counts as busy, and reports that it is alive.
tl_facts_begin() {
  TL_STUCK_FACT=
  echo facts > "$TL_D/busy"
  [ -z "$TL_BEAT" ] || printf '\n%s\n' "$TLC_BEAT"
  tl_new facts "$TL_SEQ"
}

# tl_fact NAME COMMAND...: adds the command's exit status, its output and its error. After a command that hung no other one is
# run.
tl_fact() {
  tl_key=$1 TL_RC="not run"
  shift
  : > "$TL_D/out"
  : > "$TL_D/err"
  if [ -z "$TL_STUCK_FACT" ]; then
    tl_out=$TL_D/out
    tl_bounded 20 "$@" || TL_STUCK_FACT=1
    tl_out=/dev/null
  fi
  {
    printf '\n--%s fact %s|%s\n' "$TL_N" "$TL_RC" "$tl_key"
    cat "$TL_D/out"
    printf '\n--%s err\n' "$TL_N"
    head -c 4096 "$TL_D/err"
  } >> "$TL_R"
}

# tl_facts_end: sends the record. If it is too long, or found no space, its end is missing, and the host sees that.
tl_facts_end() {
  : > "$TL_D/busy"
  printf '\n--%s end\n' "$TL_N" >> "$TL_R"
  tl_send "$TL_SEQ" || {
    printf '%s facts %s\n\n--%s over %s\n' "$TL_SEQ" $((TL_SEQ - 1)) "$TL_N" "$TL_LENGTH" > "$TL_R"
    TL_CODED=
    tl_send "$TL_SEQ"
  }
}

tl_boot_id() {
  read -r TL_BOOT < /proc/sys/kernel/random/boot_id
}

# tl_hello: sends what the host must know of the board before the first plan.
tl_hello() {
  tl_boot_id
  tl_new hello "$TL_BOOT"
  {
    printf 'nonce %s\n' "$TL_N"
    printf 'uname %s\n' "$(uname -r | head -n 1 | head -c 200)"
    printf 'uid %s\n' "$(id -u)"
    [ -z "$TL_HELD" ] || printf 'held %s\n' "$TL_HELD"
    [ -z "$TL_UNREADY" ] || printf 'unready %s\n' "$TL_UNREADY"
    for tl_x in devlink ip dd sed sleep grep cat; do
      command -v $tl_x > /dev/null 2>&1 || printf 'missing %s\n' "$tl_x"
    done
    for tl_x in "ip -V" "dd if=/dev/null" "sed p" "sleep 0" "grep -c ." cat "devlink -V"; do tl_try $tl_x; done
    printf 'iproute2 %s\n' "$(head -n 1 "$TL_D/out" | head -c 200)"
    tl_try devlink dev show && printf 'has devlink\n'
    # The files that drivers of the model need: the host gives a name and a file for each.
    for tl_x in $TL_PRESENCE; do [ -e "${tl_x#*=}" ] && printf 'has %s\n' "${tl_x%%=*}"; done
    command -v awk > /dev/null && command -v mkfifo > /dev/null && printf 'has races\n'
    grep -q '^[^ ]* /sys/kernel/debug debugfs ' /proc/mounts && printf 'has debugfs\n'
    command -v devlink-listen > /dev/null && printf 'has listener\n'
    [ "$TL_KMSG" = 1 ] && printf 'has kmsg\n'
    [ -e /proc/lockdep_stats ] && printf 'has lockdep\n'
    grep -q 'fakemac\.ko' "/lib/modules/$(uname -r)/modules.dep" && printf 'has pcs\n'
    tl_x=
    read -r tl_x < /sys/kernel/slab/kmalloc-64/poison
    [ "$tl_x" != 1 ] || printf 'freed poisoned\n'
    [ -z "$TL_KASAN" ] || printf 'freed reported\n'
  } >> "$TL_R" 2> /dev/null
  tl_send "$TL_SEQ"
}

# tl_kasan: sets TL_KASAN to 1 if the kernel has KASAN. The kernel logs this at boot; if the log has lost its beginning, the
# symbols show it.
tl_kasan() {
  TL_KASAN=
  if grep -q 'KernelAddressSanitizer initialized' "$TL_D/kmsg"; then
    TL_KASAN=1
  elif ! grep -q '^[0-9]*,0,' "$TL_D/kmsg"; then
    ! grep -q ' kasan_report$' /proc/kallsyms || TL_KASAN=1
  fi
}

# Reads the kernel log from here on, and sets TL_KMSG to 1 if it can be read. If the kernel overwrites a record before it is
# read, the reader ends (EPIPE, in devkmsg_read of printk.c). Then the next plan opens the log again.
tl_open_log() {
  TL_KMSG=0 TL_NEXT=
  [ -w /dev/kmsg ] || return 0
  : > "$TL_D/kmsg"
  # This file has no size limit: the kernel logs more in a whole session than in one plan.
  (ulimit -S -f unlimited; exec cat /dev/kmsg) < /dev/null >> "$TL_D/kmsg" 2> /dev/null &
  TL_CAT=$!
  exec 7< "$TL_D/kmsg"
  TL_OPENED=$((${TL_OPENED:-0} + 1))
  printf '<7>twinlink %s start%s\n' "$TL_N" $TL_OPENED > /dev/kmsg
  tl_i=0
  while [ $tl_i -lt 50 ]; do
    tl_i=$((tl_i + 1))
    if grep -q ";twinlink $TL_N start$TL_OPENED$" "$TL_D/kmsg"; then
      TL_KMSG=1
      cat <&7 > /dev/null
      return 0
    fi
    tl_sleep 0.02 1
  done
}

# tl_start [DEVICE RUN WHO [GONE]]: starts the agent; if a device is named, it takes the lock of the device, see tl_lock.
tl_start() {
  # By this variable another agent recognises the processes of this one, if this one is killed.
  export TL_KIN=$TL_N
  tl_start_records
  trap tl_stop EXIT
  tl_start_ticker 1
  [ -z "$TL_BEAT" ] || tl_start_beat
  # Marks in the kernel log must not be rate-limited. The first of several agents restores the setting, in tl_stop.
  TL_DEVKMSG=
  read -r TL_DEVKMSG < /proc/sys/kernel/printk_devkmsg
  tl_boot_id
  tl_others
  TL_UNREADY=
  if [ -n "$TL_OTHERS" ]; then
    TL_DEVKMSG=
  else
    echo on > /proc/sys/kernel/printk_devkmsg
  fi
  tl_born $$
  echo "$$ $TL_BOOT $TL_BORN $TL_N $TL_DEVKMSG" > "$TL_D/agent"
  # An agent that is refused starts no log reader, server or monitor.
  [ $# = 0 ] || tl_lock "$@"
  [ -z "$TL_HELD" ] || return 0
  tl_open_log
  [ $TL_KMSG = 0 ] || tl_kasan
  tl_start_servers
  if command -v devlink > /dev/null 2>&1; then tl_watch init; fi
} 2> /dev/null

tl_stop() {
  [ -n "$TL_D" ] || return 0
  # A user who logs in again sends more than one interrupt; nobody needs the running step then. If bash begins a `wait` just as
  # an ignored interrupt arrives, this `wait` never returns: its handler sends itself the next interrupt.
  trap '' INT
  TL_WAIT=:
  [ -z "$tl_child" ] || tl_kill $tl_child
  for tl_x in $TL_NETNS; do tl_unwatch "$tl_x"; done
  tl_unserve ""
  kill $TL_CAT $TL_TICKER $TL_BEATER 2> /dev/null
  [ -z "$TL_DEVKMSG" ] || echo "$TL_DEVKMSG" > /proc/sys/kernel/printk_devkmsg
  rm -rf "$TL_D"
  [ -z "$TL_LOCK" ] || rm -f "$TL_LOCK"
  TL_D= TL_LOCK=
} 2> /dev/null
