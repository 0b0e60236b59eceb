# The fourth part of twinlink's agent: other runs on the board. A live agent has the lock of its device. After a killed agent,
# its processes are ended, and the settings that it changed are restored.

# The folder of the locks, the same for every user: not in TMPDIR, which a login may set.
TL_LOCKS=/run/twinlink
TL_LOCK=
TL_HELD=

# tl_born PID: sets TL_BORN to the start time of a process, in ticks since the boot, and TL_PARENT and TL_SESSION. Returns 1 if
# it has ended.
tl_born() {
  TL_BORN=
  read -r tl_line < "/proc/$1/stat" || return 1
  set -- ${tl_line##*) }
  case $1 in Z | X) return 1 ;; esac
  TL_PARENT=$2 TL_SESSION=$4 TL_BORN=${20}
} 2> /dev/null

# tl_alive PID BORN BOOT: true if that very process is alive, not a later one with the same PID.
tl_alive() {
  [ "$3" = "$TL_BOOT" ] && tl_born "$1" && [ "$TL_BORN" = "$2" ]
}

# tl_anchor: sets TL_ANCHOR to the PID and the start time of the process that holds the line to the host, for example sshd's. It
# ends with the line. It is the first parent outside this session; `0 0` if there is none, as on a console, which stays.
tl_anchor() {
  TL_ANCHOR="0 0"
  tl_born $$
  tl_of=$TL_SESSION
  while [ "$TL_SESSION" = "$tl_of" ]; do
    tl_pid=$TL_PARENT
    [ "$tl_pid" -gt 1 ] && tl_born "$tl_pid" || return 0
  done
  TL_ANCHOR="$tl_pid $TL_BORN"
}

# tl_end_kin FOLDER NONCE: ends all processes that the agent with this TL_D and TL_N has started, and no other. The shells that
# it forked have files of its folder open, like the agent itself. Other programs have the TL_N in their environment.
tl_end_kin() {
  case $1 in */twinlink.??????) ;; *) return 0 ;; esac
  tl_kin=$(ls -l /proc/[0-9]*/fd/[67] | grep -F " -> $1/" | sed 's|.* /proc/\([0-9]*\)/fd/[67] -> .*|\1|')
  case $2 in *[!0-9a-f]* | "") ;; *)
    for tl_p in /proc/[0-9]*; do
      # A process without a program is a kernel thread.
      [ -e "$tl_p/exe" ] && tr '\0' '\n' < "$tl_p/environ" | grep -q "^TL_KIN=$2\$" && tl_kin="$tl_kin ${tl_p#/proc/}"
    done
    ;;
  esac
  kill -9 $tl_kin
} 2> /dev/null

# tl_bury FOLDER NONCE: clears away after a dead agent: its processes, its folder, and the setting of printk_devkmsg that it
# changed.
tl_bury() {
  tl_end_kin "$1" "$2"
  if read -r tl_pid tl_boot tl_start tl_nonce tl_was < "$1/agent"; then
    case $tl_was in on | off | ratelimit) TL_DEVKMSG=$tl_was ;; esac
  fi
  case $1 in */twinlink.??????) rm -rf "$1" ;; esac
} 2> /dev/null

# tl_others: looks for agents of other runs. Sets TL_OTHERS to the processes of live agents, and TL_BUSY to one that is in a
# plan. It clears away after dead agents; this agent then restores the settings that they changed.
tl_others() {
  TL_OTHERS= TL_BUSY=
  for tl_x in "${TMPDIR:-/tmp}"/twinlink.??????; do
    [ "$tl_x" != "$TL_D" ] && [ -O "$tl_x" ] && read -r tl_pid tl_boot tl_start tl_nonce tl_was < "$tl_x/agent" || continue
    if tl_alive "$tl_pid" "$tl_start" "$tl_boot"; then
      TL_OTHERS="$TL_OTHERS $tl_pid"
      [ ! -s "$tl_x/busy" ] || TL_BUSY=$tl_pid
    elif [ "$tl_boot" != "$TL_BOOT" ]; then
      rm -rf "$tl_x"
    else
      tl_bury "$tl_x" "$tl_nonce"
    fi
  done
} 2> /dev/null

# tl_highest LOCK: sets TL_TOP to the highest number among a lock's files; 0 if it has no file.
tl_highest() {
  TL_TOP=0
  for tl_x in "$1".*; do
    case ${tl_x##*.} in
      *[!0-9]*) ;;
      *) [ "${tl_x##*.}" -le $TL_TOP ] || TL_TOP=${tl_x##*.} ;;
    esac
  done
}

# tl_holder FILE: reads the holder of a lock; true if that agent is alive.
tl_holder() {
  tl_hpid= tl_hborn= tl_hboot= tl_hnonce= tl_hrun= tl_hline= tl_hsince= tl_hdir= tl_who=
  { read -r tl_hpid tl_hborn tl_hboot tl_hnonce tl_hrun tl_hline tl_hsince && IFS= read -r tl_hdir && IFS= read -r tl_who; } < "$1"
  tl_alive "$tl_hpid" "$tl_hborn" "$tl_hboot"
} 2> /dev/null

# tl_lock DEVICE RUN WHO [GONE]: takes the lock of a device, or sets TL_HELD to a word, the holder's process, its run and its
# name. The word is `wait` if nobody can reach the holder's agent any more, but it is still in a plan; `use` if a live run has the device;
# `never` if no lock can be made. GONE is a run that has ended, as the host knows. A lock is files DEVICE.1, DEVICE.2, ...: the
# highest number counts, unless its agent is dead. An agent takes the lock by linking the next number, which only one agent can
# do. It has the lock if no number is higher.
tl_lock() {
  [ -d /run ] || TL_LOCKS=/var/run/twinlink
  TL_HELD="never $$ - its lock cannot be made in $TL_LOCKS there"
  tl_own=$TL_LOCKS/.$TL_N
  tl_anchor
  tl_born $$
  mkdir -p "$TL_LOCKS" && printf '%s\n' "$$ $TL_BORN $TL_BOOT $TL_N $2 $TL_ANCHOR" "$TL_D" "$3" > "$tl_own" || return 0
  tl_tries=0
  while [ $tl_tries -lt 50 ]; do
    tl_tries=$((tl_tries + 1))
    tl_highest "$TL_LOCKS/$1"
    if tl_holder "$TL_LOCKS/$1.$TL_TOP"; then
      # Nobody can reach an agent any more if its line has ended, or if this run has opened it before.
      if [ "$tl_hrun" != "$2" ] && [ "$tl_hrun" != "$4" ] && { [ "$tl_hline" = 0 ] || tl_alive "$tl_hline" "$tl_hsince" "$tl_hboot"; }; then
        TL_HELD="use $tl_hpid $tl_hrun $tl_who"
        break
      elif [ -s "$tl_hdir/busy" ]; then
        TL_HELD="wait $tl_hpid $tl_hrun $tl_who"
        break
      fi
      kill -9 "$tl_hpid"
      tl_sleep 0.02 1
      continue
    fi
    if ln "$tl_own" "$TL_LOCKS/$1.$((TL_TOP + 1))"; then
      TL_LOCK=$TL_LOCKS/$1.$((TL_TOP + 1))
      tl_highest "$TL_LOCKS/$1"
      if [ "$TL_LOCK" = "$TL_LOCKS/$1.$TL_TOP" ]; then
        TL_HELD=
        break
      fi
      rm -f "$TL_LOCK"
      TL_LOCK=
    fi
  done
  rm -f "$tl_own"
  [ -n "$TL_LOCK" ] || return 0
  for tl_x in "$TL_LOCKS/$1".*; do
    [ "$tl_x" != "$TL_LOCK" ] && ! tl_holder "$tl_x" || continue
    [ "$tl_hboot" != "$TL_BOOT" ] || tl_bury "$tl_hdir" "$tl_hnonce"
    rm -f "$tl_x"
  done
} 2> /dev/null
