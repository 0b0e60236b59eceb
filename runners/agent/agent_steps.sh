# The second part of twinlink's agent: steps; the processes that serve several steps, so that a step forks nothing; and the
# evidence of several steps in one record. On an emulated or small CPU, a fork and an exec of devlink(8) take most of a step's
# time.

TL_SERVERS=
TL_GEN=0
TL_BATCH=
TL_SHOW=
TL_HELPER=
TL_PRELOAD=
TL_READ=
TL_EACH=
TL_SENT=0
TL_PAUSE=1
TL_PENDING=
TL_FULL=
TL_STUCK=
TL_SIZE=
# The most characters that a step may print on standard error.
TL_MOST_ERR=65536
tl_part=
TL_FILES='while IFS= read -r n && IFS= read -r what && IFS= read -r path && IFS= read -r text; do
  case $what in
    read) dd if="$path" bs=65536 < /dev/null ;;
    *) echo "$text" > "$path" ;;
  esac
  echo "tl-done $n $?" >&2
done'

# The output of the monitors and the servers is appended to files, and the agent appends a mark after each step. The mark is `@`
# and the number of the step, on a line of its own, which nothing else prints. In the output of servers, which may hold any
# bytes of a file, the bound of the sections stands before the mark.

# tl_stream FILE: adds a file to the records from now on.
tl_stream() {
  case " $TL_SEEN " in *" $1 "*) return 0 ;; esac
  TL_SEEN="$TL_SEEN $1"
  tl_empty "$1"
}

# Empties a file of the records, except for its title. A process that has it open appends to it.
tl_empty() {
  : > "$TL_D/$1"
  case $1 in
    n.*) tl_title="notify ${1#n.}" ;;
    l.*) tl_title="link ${1#l.}" ;;
    o.*) tl_title="o ${1#o.}" ;;
    *) tl_title=kmsg ;;
  esac
  printf '\n--%s %s\n' "$TL_N" "$tl_title" >> "$TL_D/$1"
}

# tl_step_begin: notes when a step begins, and how late the ticks had come by then.
tl_step_begin() {
  tl_now
  tl_late
  tl_start=$TL_UP tl_start_late=$TL_LATE
}

# Writes the record of the step itself.
tl_step_done() {
  tl_now
  tl_late
  tl_due=$((TL_LATE - tl_start_late))
  [ $tl_due -ge 0 ] || tl_due=0
  printf '\n--%s step %s\n%s %s %s %s %s\n--%s err\n%s' "$TL_N" "$tl_id" "$TL_RC" "$tl_start" "$TL_UP" "$tl_key" \
    $tl_due "$TL_N" "$TL_ERR" >> "$TL_D/m" || TL_FULL=1
  [ "$TL_RC" != hang ] || { printf '\n--%s stacks\n' "$TL_N" && tl_stacks; } >> "$TL_D/m" || TL_FULL=1
}

# Prints the stacks of the tasks that cannot be interrupted (state D).
tl_stacks() {
  for tl_x in /proc/[0-9]*; do
    read -r tl_line < "$tl_x/stat" || continue
    case ${tl_line##*) } in
      D*)
        tl_line=${tl_line%)*}
        printf 'stack %s\n' "${tl_line#*(}"
        cat "$tl_x/stack"
        printf '@\n'
        ;;
    esac
  done
  return 0
} 2> /dev/null

# Ends a step: everything that is seen later belongs to the next step.
tl_step_end() {
  for tl_ns in $TL_NETNS; do
    eval "tl_p=\$TL_PN_$tl_ns tl_q=\$TL_PL_$tl_ns"
    tl_asleep $tl_p || tl_lost "$tl_ns" $tl_p "devlink monitor"
    tl_asleep $tl_q || tl_lost "$tl_ns" $tl_q "ip monitor"
    printf '\n@%s\n' "$tl_id" >> "$TL_D/n.$tl_ns" || TL_FULL=1
    printf '\n@%s\n' "$tl_id" >> "$TL_D/l.$tl_ns" || TL_FULL=1
  done
  [ -z "$tl_key" ] || printf '\n--%s @%s\n' "$TL_N" "$tl_id" >> "$TL_D/o.$tl_key" || TL_FULL=1
  tl_mark "$tl_id"
  TL_PENDING="$TL_PENDING $tl_id"
  if [ -n "$TL_EACH$TL_SIFT$TL_FULL" ] || [ "$TL_RC" = hang ] || [ $((${TL_UP%.*} - TL_SENT)) -ge $TL_PAUSE ]; then
    tl_flush
  fi
}

# tl_undropped NETNS: true if the monitors of a netns have lost no message, by their sockets in /proc/net/netlink.
tl_undropped() {
  eval "tl_p=\$TL_PN_$1 tl_q=\$TL_PL_$1"
  tl_i=0
  while [ $tl_i -lt 20 ]; do
    tl_i=$((tl_i + 1)) tl_found=
    while read -r tl_sk tl_eth tl_pid tl_grp tl_rm tl_wm tl_dump tl_locks tl_drp tl_ino; do
      case $tl_pid:$tl_eth in
        $tl_p:16 | $tl_q:0)
          TL_RMEM=$tl_rm TL_DROPS=$tl_drp
          [ "$tl_drp" = 0 ] || return 1
          tl_found=$tl_found$tl_rm,
          # Both sockets were found, and no message waits in either.
          [ "$tl_found" != 0,0, ] || return 0
          ;;
      esac
    done < "/proc/$tl_p/net/netlink"
    # The list of sockets can miss a socket while others come and go. If a monitor still has messages to read, wait for it.
    kill -0 $tl_p && kill -0 $tl_q && tl_asleep $tl_p && tl_asleep $tl_q || return 1
  done
  return 1
} 2> /dev/null

# tl_lost NETNS PID WHO: reports that a monitor lost messages or ended. Then nothing in this record is evidence.
tl_lost() {
  if kill -0 "$2" 2> /dev/null; then tl_why="lost messages"; else tl_why="ended by itself"; fi
  printf '\n--%s lost %s in netns %s %s: %s drops, %s bytes waiting\n' "$TL_N" "$3" "$1" "$tl_why" "$TL_DROPS" "$TL_RMEM" >> "$TL_D/m"
}

# tl_over WHAT BYTES: reports that more was printed than a record may hold. Then nothing in this record is evidence.
tl_over() {
  printf '\n--%s lost %s of step %s %s %s bytes\n' "$TL_N" "$1" "$tl_id" "$TLC_TOO_LONG" "$2" >> "$TL_D/m"
}

# Adds the kernel log up to the last mark to the record.
tl_log() {
  [ -n "$TL_MARK" ] || return 0
  if [ -z "$TL_SIFT" ]; then
    tl_kmsg >> "$TL_D/k"
    tl_marked=$?
  else
    tl_kmsg > "$TL_D/log"
    tl_marked=$?
    tl_sift >> "$TL_D/k" || TL_FULL=1
    printf '@%s\n' "$TL_MARK" >> "$TL_D/k"
  fi
  case $tl_marked in
    0) ;;
    2) tl_over "the kernel log" $((TL_MOST / 8 * 7)) ;;
    *) printf '\n--%s lost the kernel log did not give the mark back\n' "$TL_N" >> "$TL_D/k" ;;
  esac
  TL_MARK=
  [ -z "$TL_GAP" ] || printf '\n--%s lost the kernel log was overrun: %s\n' "$TL_N" "$TL_GAP" >> "$TL_D/m"
  TL_GAP=
}

# Sends a record of the steps that are done; at the end of the plan it is called as `tl_flush end`.
tl_flush() {
  [ -n "$TL_PENDING$1" ] || return 0
  for tl_ns in $TL_NETNS; do
    tl_undropped "$tl_ns" && [ ! -s "$TL_D/le.$tl_ns" ] || tl_lost "$tl_ns" $tl_q "monitors"
  done
  # A monitor that cannot write a message does not report it. So check that space is left, now that it has written.
  printf '%65536s' '' > "$TL_D/room" || TL_FULL=1
  : > "$TL_D/room"
  tl_new steps "$TL_PLAN" "$TL_PLAN_SEQ"
  tl_log
  tl_done=$1
  set --
  for tl_x in $TL_SEEN; do set -- "$@" "$TL_D/$tl_x"; done
  cat "$TL_D/m" "$@" >> "$TL_R" && tl_flush_end >> "$TL_R" || TL_FULL=1
  TL_SIZE=
  # Two causes fail in the same way: a file at its size limit, and no space. A file near the limit names its size.
  if [ -n "$TL_FULL" ]; then
    tl_x=$(cat "$TL_D/m" "$@" | wc -c)
    [ "$tl_x" -lt $((TL_MOST - 65536)) ] || TL_SIZE=$tl_x
  fi
  : > "$TL_D/m"
  for tl_x in $TL_SEEN; do tl_empty $tl_x; done
  [ -z "$TL_FULL" ] || tl_flush_short
  tl_send "$TL_SEQ" || {
    TL_SIZE=$TL_LENGTH
    tl_flush_short
    tl_send "$TL_SEQ"
  }
  TL_PENDING= TL_FULL= TL_SIZE=
  # If a record takes long, the next one comes later, up to a bound, so that most of the board's time is still for steps.
  TL_SENT=${TL_UP%.*}
  tl_now
  TL_PAUSE=$((1 + 5 * (${TL_UP%.*} - TL_SENT)))
  [ $TL_PAUSE -le 6 ] || TL_PAUSE=6
  TL_SENT=${TL_UP%.*}
}

# Replaces a record that found no space or is too long: names its steps and the reason.
tl_flush_short() {
  rm -f "$TL_D/reserve"
  tl_why="$TLC_FULL in $TL_D of the board"
  [ -z "$TL_SIZE" ] ||
    tl_why="what the steps showed, $((TL_SIZE)) bytes, $TLC_TOO_LONG $TL_MOST, or of $TL_MOST_SENT on the line"
  {
    printf '%s steps %s %s\n' "$TL_SEQ" "$TL_PLAN" "$TL_PLAN_SEQ"
    for tl_x in $TL_PENDING; do printf '\n--%s step %s\n1 0 0\n' "$TL_N" "$tl_x"; done
    printf '\n--%s lost %s\n' "$TL_N" "$tl_why"
    tl_flush_end
  } > "$TL_R"
  TL_CODED=
}

tl_flush_end() {
  [ "$tl_done" != end ] || printf '\n--%s done %s\n' "$TL_N" "${TL_BROKEN:+broken}"
  printf '\n--%s end\n' "$TL_N"
}

# tl_skipped: true if a step is not run. After a hang the rest of the body is skipped; after a kernel broke, the tear-down.
tl_skipped() {
  [ -z "$TL_HUNG" ] || [ "$TL_PHASE" = teardown ] || return 0
  [ -n "$TL_BROKEN" ] && [ "$TL_PHASE" = teardown ]
}

# tl_begin ID NUMBER: reports at once that a step begins. If the board dies, the host knows in which step.
tl_begin() {
  if tl_skipped; then return 0; fi
  printf '\n@%s %s\n' "$1" "$2"
  [ -z "$TL_DEVICE" ] || tl_device_step "$1"
}

# tl_step ID SECONDS COMMAND...: runs one step in a process of its own. TL_SETTLE and TL_SIFT hold for this step, see tl_settle
# and tl_sift.
tl_step() {
  tl_id=$1
  shift
  # Lines that were logged before this step are not sifted.
  tl_sift_step=$TL_SIFT TL_SIFT=
  if tl_skipped; then return 0; fi
  [ -z "$tl_sift_step" ] || tl_flush
  TL_SIFT=$tl_sift_step
  tl_key=p.$TL_GEN
  tl_stream "o.$tl_key"
  tl_out=$TL_D/o.$tl_key
  tl_step_begin
  tl_bounded "$@" || TL_HUNG=1
  tl_out=/dev/null
  TL_ERR=
  if [ -s "$TL_D/err" ]; then
    if [ $(wc -c < "$TL_D/err") -gt $TL_MOST_ERR ]; then
      tl_over "standard error" $TL_MOST_ERR
    else
      while IFS= read -r tl_line || [ -n "$tl_line" ]; do
        TL_ERR="$TL_ERR$tl_line
"
      done < "$TL_D/err"
    fi
  fi
  tl_step_done
  [ -z "$TL_SIFT" ] || rm -f "$TL_D/more"
  if [ -n "$TL_SETTLE" ] && [ "$TL_RC" != hang ]; then
    tl_result=$TL_RC
    # From Linux 6.8 on, reading a carrier waits for RTNL in a way that only SIGKILL ends.
    tl_bounded $TL_SETTLE
    TL_RC=$tl_result
  fi
  tl_step_end
  # A command that hangs may still print later.
  [ "$TL_RC" != hang ] || tl_new_servers
  TL_SETTLE= TL_SIFT=
}

# A server is a process that takes commands from a fifo, `c.KEY`, and runs as long as its netns or the agent. Its output goes to
# `o.KEY`. Its errors, and its reports that a command is done, go to a fifo that all servers share. Both fifos are open for
# reading and for writing, so that nobody waits for the other end. A dead server is noticed at the next tick.

# tl_serve KIND NETNS COMMAND...: starts a server unless it runs; sets TL_SP, its process, and tl_key.
tl_serve() {
  tl_kind=$1_$2
  eval "TL_SP=\${TL_SP_$tl_kind-} tl_key=$tl_kind.$TL_GEN"
  [ -z "$TL_SP" ] || return 0
  shift 2
  [ -p "$TL_D/c.$tl_kind" ] || mkfifo "$TL_D/c.$tl_kind" || return 1
  # The fifo is open before the fork: data written into a fifo that nobody has open is lost.
  exec 8<> "$TL_D/c.$tl_kind"
  "$@" <&8 >> "$TL_D/o.$tl_key" 2>&6 6<&- 7<&- 8<&- &
  TL_SP=$!
  exec 8<&-
  eval "TL_SP_$tl_kind=$TL_SP TL_SC_$tl_kind=0"
  TL_SERVERS="$TL_SERVERS $tl_kind"
  tl_stream "o.$tl_key"
} 2> /dev/null

tl_serve_devlink() {
  tl_flags=$2
  case $2 in -js) tl_kind=js ;; *) tl_kind=j ;; esac
  if [ "$1" = init ]; then
    tl_serve $tl_kind init tl_exec_devlink "${tl_flags:--j}"
  else
    tl_serve $tl_kind "$1" tl_exec_devlink -N "$1" "${tl_flags:--j}"
  fi
}

tl_exec_devlink() {
  if [ -n "$TL_PRELOAD" ]; then
    export _STDBUF_O=0 LD_PRELOAD="$TL_PRELOAD"
  fi
  exec devlink "$@" -f -b -
}

tl_serve_files() {
  tl_serve f "$1" tl_in "$1" $TL_HELPER -c "$TL_FILES"
}

# Ends the servers of a netns; all servers if the netns is empty.
tl_unserve() {
  tl_rest=
  for tl_x in $TL_SERVERS; do
    case $tl_x in
      *"_$1" | ${1:-*})
        eval "tl_p=\$TL_SP_$tl_x"
        tl_kill $tl_p
        [ "$tl_p" = "$TL_STUCK" ] || $TL_WAIT $tl_p
        eval "TL_SP_$tl_x="
        ;;
      *) tl_rest="$tl_rest $tl_x" ;;
    esac
  done
  TL_SERVERS=$tl_rest
} 2> /dev/null

# Replaces the servers after one died or hung. They get a new fifo, since the old server may still write into the old one.
tl_new_servers() {
  tl_unserve ""
  TL_GEN=$((TL_GEN + 1))
  mkfifo "$TL_D/a.$TL_GEN" && exec 6<> "$TL_D/a.$TL_GEN" || TL_BATCH= TL_HELPER=
} 2> /dev/null

# tl_flooded: true if standard error is longer than its bound; then it is thrown away.
tl_flooded() {
  [ $((${#TL_ERR} + ${#tl_part})) -gt $TL_MOST_ERR ] || return 1
  TL_ERR= tl_part=
}

# tl_answer SECONDS DONE FAILED: reads the errors of the server TL_SP up to the line DONE. The error about the mark itself is
# left out. Sets TL_ERR and TL_RC. TL_RC is 0, 1 if the line FAILED came, the status after DONE, `hang`, or the exit status of a
# server that died.
tl_answer() {
  TL_ERR= TL_RC=0 TL_T=0
  tl_part=
  while :; do
    # If busybox's `read` times out, it does not clear the variable.
    tl_line=
    if IFS= read -r $TL_READ tl_line <&6; then
      tl_line=$tl_part$tl_line
      tl_part=
      case $tl_line in
        "$2") return 0 ;;
        "$2 "*)
          TL_RC=${tl_line##* }
          return 0
          ;;
        "$3") TL_RC=1 ;;
        *\"tl\"*) ;;
        *)
          TL_ERR="$TL_ERR$tl_line
"
          if tl_flooded; then
            tl_drowned
            return 0
          fi
          ;;
      esac
    else
      tl_part=$tl_part$tl_line
      if tl_flooded; then
        tl_drowned
        return 0
      fi
      [ -z "$TL_READ" ] || TL_T=$((TL_T + 1))
      if ! tl_lives $TL_SP; then
        tl_wait $TL_SP
        tl_new_servers
        tl_distrust
        return 0
      fi
      if [ $TL_T -ge $1 ]; then
        TL_RC=hang
        TL_STUCK=$TL_SP
        tl_new_servers
        tl_distrust
        TL_STUCK=
        return 1
      fi
    fi
  done
} 2> /dev/null

# Ends a server that prints too many errors; the result of its command is not known.
tl_drowned() {
  tl_over "standard error" $TL_MOST_ERR
  TL_RC=1
  tl_new_servers
  tl_distrust
}

# After a child has ended, `read` of busybox 1.35 waits for the next signal, and then fails. A shell that may do this gets no
# more servers.
tl_distrust() {
  [ -z "$TL_READ" ] || TL_BATCH= TL_HELPER=
}

# Some versions of busybox have a `read` that fails when a child has ended: so the state is read up to three times.
tl_lives() {
  tl_j=0 TL_STATE=
  while [ $tl_j -lt 3 ] && [ -e "/proc/$1/stat" ] && ! tl_state "$1"; do tl_j=$((tl_j + 1)); done
  # Such a shell has already waited for a child that ended.
  [ -n "$TL_STATE" ] || kill -0 "$1" || return 1
  case $TL_STATE in Z | X) return 1 ;; esac
} 2> /dev/null

# tl_devlink_step ID SECONDS NETNS FLAGS WORD...: runs a step of devlink(8) for which batch mode behaves like a single command.
tl_devlink_step() {
  tl_able=$TL_BATCH
  # The command's output must be complete when the server reports that the command is done.
  [ -z "$4" ] || tl_able=$TL_SHOW
  if [ -z "$tl_able" ] || [ -n "$TL_SETTLE$TL_SIFT" ]; then
    tl_id=$1 tl_ns=$3 tl_flags=$4 tl_limit=$2
    shift 4
    tl_step $tl_id $tl_limit tl_devlink "$tl_ns" $tl_flags "$@"
    return
  fi
  if tl_skipped; then return 0; fi
  tl_id=$1 TL_LIMIT=$2
  tl_serve_devlink "$3" "$4"
  shift 4
  eval "tl_n=\$((TL_SC_$tl_kind + 2)) TL_SC_$tl_kind=\$((TL_SC_$tl_kind + 2))"
  tl_step_begin
  printf '%s\ntl\n' "$*" 1<> "$TL_D/c.$tl_kind"
  tl_answer $TL_LIMIT "Command failed -:$tl_n" "Command failed -:$((tl_n - 1))" || TL_HUNG=1
  tl_served
}

tl_served() {
  tl_step_done
  tl_step_end
}

# tl_file_step ID SECONDS NETNS read|write PATH [TEXT]: runs a step that reads or writes a file, by a long-lived shell in the
# netns.
tl_file_step() {
  if [ -z "$TL_HELPER" ] || [ -n "$TL_SETTLE$TL_SIFT" ]; then
    tl_step "$1" "$2" "tl_$4" "$3" "$5" ${6+"$6"}
    return
  fi
  if tl_skipped; then return 0; fi
  tl_id=$1 TL_LIMIT=$2
  tl_step_begin
  tl_file "$3" "$4" "$5" "$6" || TL_HUNG=1
  case "$4 $TL_RC $TL_ERR" in
    "write 1 "*"write error:"*) ;;
    # The file could not be opened, so nothing was written. dd reports the errno.
    "write 1 "*)
      tl_step "$1" "$2" tl_write "$3" "$5" "$6"
      return
      ;;
  esac
  tl_served
}

# tl_file NETNS read|write PATH TEXT: reads or writes a file by the server of the netns.
tl_file() {
  tl_serve_files "$1"
  eval "tl_n=\$((TL_SC_$tl_kind + 1)) TL_SC_$tl_kind=\$((TL_SC_$tl_kind + 1))"
  printf '%s\n' "$tl_n" "$2" "$3" "$4" 1<> "$TL_D/c.$tl_kind"
  tl_answer $TL_LIMIT "tl-done $tl_n" -
}

# The tl_clear_* functions remove what an interrupted run may have left. The records do not show it, and nobody judges it.
tl_clear_netns() {
  [ ! -e "/run/netns/$1" ] && [ ! -e "/var/run/netns/$1" ] || tl_bounded $TLC_CLEAR_SECONDS ip netns del "$1"
}

tl_clear_file() {
  if [ -n "$TL_HELPER" ]; then
    TL_LIMIT=$TLC_CLEAR_SECONDS
    tl_file "$1" write "$2" "$3"
  else
    tl_bounded $TLC_CLEAR_SECONDS tl_write "$1" "$2" "$3"
  fi
}

tl_clear_module() {
  [ ! -d "/sys/module/$1" ] || tl_bounded $TLC_CLEAR_SECONDS rmmod "$1"
}

# tl_plan_begin ID: begins a plan.
tl_plan_begin() {
  TL_PLAN=$1
  # Warns the agent of another run: two plans at the same time would spoil each other's evidence.
  echo plan > "$TL_D/busy"
  [ "$TL_KMSG" != 1 ] || tl_lives "$TL_CAT" || tl_open_log
  # From this first sign of life on, the host notices when the signs stop.
  [ -z "$TL_BEAT" ] || printf '\n%s\n' "$TLC_BEAT"
  TL_HUNG= TL_EACH= TL_FULL= TL_PENDING=
  # Monitors that ended in the plan before are restarted.
  case " $TL_NETNS " in
    *" init "*) tl_lives $TL_PN_init && tl_lives $TL_PL_init || { tl_unwatch init; tl_watch init; } ;;
  esac
  TL_PHASE=setup
  for tl_x in "$TL_D"/r[0-9]*; do : > "$tl_x"; done
  [ $((TL_SEQ - TL_SWEPT)) -lt 100 ] || {
    rm -f "$TL_D"/r[0-9]*
    TL_SWEPT=$TL_SEQ
  }
  TL_PLAN_SEQ=$TL_SEQ
  tl_between
}

# Saves the findings that the kernel logged since the last plan; they are reported with the first step. Reports of memory and of
# locks come late.
tl_between() {
  : > "$TL_D/between"
  [ -n "$TL_FINDINGS" ] || return 0
  tl_mark 0
  tl_log
  grep -v '^@' "$TL_D/k" | grep -E "$TL_FINDINGS" > "$TL_D/between"
  tl_empty k
}

# Drops everything that the clean-up before a plan caused: it is no evidence.
tl_forget() {
  for tl_ns in $TL_NETNS; do
    eval "tl_p=\$TL_PN_$tl_ns tl_q=\$TL_PL_$tl_ns"
    tl_asleep $tl_p
    tl_asleep $tl_q
  done
  tl_mark 0
  tl_log
  : > "$TL_D/m"
  # If the kernel broke meanwhile, its log is not dropped; it is reported with the first step.
  [ -z "$TL_BROKEN" ] || grep -v '^@' "$TL_D/k" > "$TL_D/broke"
  for tl_x in $TL_SEEN; do tl_empty $tl_x; done
  [ -z "$TL_BROKEN" ] || cat "$TL_D/broke" >> "$TL_D/k"
  [ ! -s "$TL_D/between" ] || cat "$TL_D/between" >> "$TL_D/k"
  tl_now
  TL_SENT=${TL_UP%.*}
}

# Begins the tear-down. tl_log shows if the kernel broke before it.
tl_teardown() {
  TL_PHASE=teardown
  tl_log
}

tl_plan_end() {
  for tl_x in $TL_NETNS; do
    [ "$tl_x" = init ] || tl_unwatch "$tl_x"
  done
  # Lines that the kernel logs after the last step are reported with that step.
  tl_mark 0
  tl_flush end
  : > "$TL_D/busy"
}

tl_start_records() {
  # Reserves space for the report that no space is left.
  printf '%16384s' '' > "$TL_D/reserve"
  : > "$TL_D/m"
  tl_stream k
  TL_SWEPT=0
}

# Finds which kinds of servers the board's programs can be, and starts the fifo.
tl_start_servers() {
  mkfifo "$TL_D/a.0" && exec 6<> "$TL_D/a.0" || return 0
  # A `read` with a time limit loses the beginning of a line if a signal comes.
  if (echo | read -r -t 1 tl_line); then TL_READ="-t 1"; fi
  for tl_x in sh "busybox sh" bash; do
    case $($tl_x -c 'echo > /dev/full' 2>&1) in
      *"write error: No space left on device")
        TL_HELPER=$tl_x
        break
        ;;
    esac
  done
  TL_PRELOAD=$(stdbuf -o0 sh -c 'echo "$LD_PRELOAD"')
  command -v devlink > /dev/null || return 0
  tl_try_batch && tl_try_batch && TL_BATCH=1
  tl_new_servers
  for tl_x in $TL_SEEN; do tl_empty $tl_x; done
} 2> /dev/null

# True if a server of devlink(8) marks the end of a command; sets TL_SHOW if the command's output comes before the mark.
tl_try_batch() {
  tl_serve_devlink init -j
  eval "tl_n=\$((TL_SC_$tl_kind + 2)) TL_SC_$tl_kind=\$((TL_SC_$tl_kind + 2))"
  : > "$TL_D/o.$tl_key"
  printf 'dev show\ntl\n' 1<> "$TL_D/c.$tl_kind"
  tl_answer 5 "Command failed -:$tl_n" - || return 1
  [ "$TL_RC" = 0 ] && [ -z "$TL_ERR" ] || return 1
  case $(cat "$TL_D/o.$tl_key") in
    "{"*"}" | ",{"*"}") TL_SHOW=1 ;;
    *) TL_SHOW= ;;
  esac
}
