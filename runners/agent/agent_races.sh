# The third part of twinlink's agent: races. Each racer is a process of its own, which waits on a fifo. The same race is run
# many times, and the board counts the outcome of each run, so that few bytes travel.

# The program of a racer. It reads how long it spins before it begins, and answers with the result of each of its operations:
# `NUMBER|STATUS|TEXT|STATUS|TEXT...`, with a `~` for each newline of a text.
TL_RACER='
tl_said= tl_n=0 tl_killed=
tl_tell() {
  tl_rc=$1 tl_text=
  if [ -s "$TL_E" ]; then
    while IFS= read -r tl_line || [ -n "$tl_line" ]; do tl_text="$tl_text$tl_line~"; done < "$TL_E"
  fi
  tl_said="$tl_said|$1|$tl_text"
}
tl_file() {
  { echo "$2" > "$1"; } 2> "$TL_E"
  tl_tell $?
}
tl_dd() {
  echo "$2" | dd of="$1" bs=4096 conv=notrunc > /dev/null 2> "$TL_E"
  tl_tell $?
}
tl_run() {
  "$@" < /dev/null >> "$TL_O" 2> "$TL_E"
  tl_tell $?
}
tl_serve() {
  TL_FLAGS=$*
  rm -f "$TL_E.c" "$TL_E.a"
  mkfifo "$TL_E.c" "$TL_E.a"
  exec 8<> "$TL_E.c" 9<> "$TL_E.a"
  tl_n=0
  (
    if [ -n "$TL_PRELOAD" ]; then export _STDBUF_O=0 LD_PRELOAD="$TL_PRELOAD"; fi
    devlink "$@" -f -b - >> "$TL_O"
    unset LD_PRELOAD
    echo "tl-died $?"
  ) <&8 >&9 2>&9 6<&- 8<&- 9<&- &
}
tl_ask() {
  tl_n=$((tl_n + 2)) tl_rc=0 tl_text=
  echo "$*
tl" >&8
  while IFS= read -r tl_line <&9; do
    case $tl_line in
      "Command failed -:$tl_n") break ;;
      "Command failed -:$((tl_n - 1))") tl_rc=1 ;;
      *\"tl\"*) ;;
      "tl-died "*)
        # devlink(8) ended by its own assertion, since an error left its JSON unfinished; or the kernel ended it.
        tl_rc=${tl_line#* }
        case $tl_text in *Assertion*) tl_serve $TL_FLAGS ;; *) tl_killed=1 ;; esac
        break
        ;;
      *) tl_text="$tl_text$tl_line~" ;;
    esac
  done
  tl_said="$tl_said|$tl_rc|$tl_text"
}
tl_netns_del() {
  tl_run "$TL_IP" netns del "$1"
  [ -n "$2" ] && [ "$tl_rc" = 0 ] || return 0
  tl_i=0
  until devlink dev show "$2" > /dev/null 2>&1; do
    tl_i=$((tl_i + 1))
    [ $tl_i -lt 250 ] || {
      tl_said="|1|"
      return
    }
    sleep 0.02 2> /dev/null || sleep 1
  done
}
tl_looped() {
  while [ -e "$TL_MORE" ]; do
    eval "$1"
    tl_said=
  done
}
tl_go() {
  while read -r tl_spin TL_DEV; do
    tl_said= tl_i=0
    while [ $tl_i -lt $tl_spin ]; do tl_i=$((tl_i + 1)); done
    tl_operations
    [ -z "$tl_killed" ] || tl_said="|killed"
    echo "$TL_WHO${tl_said:-|}" >&6
  done
}
'

# Stops the monitors during a race: nobody compares what they would write.
tl_race_begin() {
  if tl_skipped; then return 0; fi
  # Lines that were logged before this step are not sifted.
  tl_sift_step=$TL_SIFT TL_SIFT=
  tl_flush
  TL_SIFT=$tl_sift_step
  TL_RESTING=$TL_NETNS
  for tl_x in $TL_RESTING; do tl_unwatch "$tl_x"; done
  TL_SHELL=${TL_HELPER:-sh} TL_IP=$(command -v ip)
}

tl_race_end() {
  [ ! -e "$TL_D/race/hung" ] || TL_BROKEN=1
  [ -n "$TL_BROKEN" ] || rm -rf "$TL_D/race"
  for tl_x in $TL_RESTING; do tl_watch "$tl_x"; done
  TL_RESTING=
}

tl_random() {
  TL_RANDOM=$(((TL_RANDOM * 1103515245 + 12345) % 2147483648))
}

# Sets tl_spin to a random time, up to about 20 ms; short times are as likely as long ones.
tl_spin() {
  tl_random
  tl_k=$((TL_RANDOM / 65536 % TL_SCALE))
  tl_random
  tl_spin=$((TL_RANDOM / 256 % (1 << tl_k)))
}

# Sets TL_SCALE so that a spin of 2^TL_SCALE rounds takes about 20 ms.
tl_scale() {
  tl_now
  tl_from=$((${TL_UP%.*} * 100 + 1${TL_UP#*.} - 100)) tl_i=0
  while [ $tl_i -lt 30000 ]; do tl_i=$((tl_i + 1)); done
  tl_now
  tl_to=$((${TL_UP%.*} * 100 + 1${TL_UP#*.} - 100))
  tl_most=$((60000 / (tl_to - tl_from + 1)))
  TL_SCALE=1
  while [ $((1 << TL_SCALE)) -lt $tl_most ]; do TL_SCALE=$((TL_SCALE + 1)); done
}

# tl_race_dump LINE...: gives lines to the server of dumps, and waits for it. Sets tl_rc.
tl_race_dump() {
  TL_RN=$((TL_RN + $# + 1))
  printf '%s\n' "$@" tl >&8
  tl_rc=0 tl_ticks=0
  while [ $tl_ticks -lt $tl_bound ]; do
    IFS= read -r tl_line <&6 || continue
    case $tl_line in
      tick) tl_ticks=$((tl_ticks + 1)) ;;
      "Command failed -:$TL_RN") return $tl_rc ;;
      "Command failed"*) tl_rc=1 ;;
      *\"tl\"*) ;;
      *) printf '%s\n' "$tl_line" >&2 ;;
    esac
  done
  tl_unasked=$((tl_unasked + 1))
  return 1
}

# Starts a server of devlink(8) for dumps of the final state: dumps are most of the requests of a run.
tl_race_serve() {
  mkfifo "$TL_D/race/c.dump"
  exec 8<> "$TL_D/race/c.dump"
  TL_RN=0
  tl_exec_devlink -js < "$TL_D/race/c.dump" >> "$TL_D/race/dump" 2>&6 3<&- 4<&- 5<&- 6<&- 8<&- &
}

tl_race_file() {
  echo "$2" > "$1"
}

# tl_race RACERS RUNS SEED SECONDS: prints how often each outcome came. A run that takes longer than SECONDS is late; a run that
# takes twice as long hangs.
tl_race() {
  tl_racers=$1 tl_runs=$2 TL_RANDOM=$3 tl_bound=$4
  exec 7<&-
  # The results of thousands of runs are counted here, and only few bytes of them travel.
  ulimit -S -f $((TL_MOST / 16))
  rm -rf "$TL_D/race"
  mkdir "$TL_D/race" && mkfifo "$TL_D/race/answers" && exec 6<> "$TL_D/race/answers" || return 1
  (while sleep 1 && echo tick >&6; do :; done) 2> /dev/null > /dev/null &
  tl_clock=$!
  : > "$TL_D/race/runs" && : > "$TL_D/race/state" || return 1
  tl_race_serve
  tl_i=0
  while [ $tl_i -lt $tl_racers ]; do
    tl_i=$((tl_i + 1))
    mkfifo "$TL_D/race/go.$tl_i"
    case $tl_i in
      1) exec 3<> "$TL_D/race/go.1" ;;
      2) exec 4<> "$TL_D/race/go.2" ;;
      3) exec 5<> "$TL_D/race/go.3" ;;
    esac
    : > "$TL_D/race/reply.$tl_i"
    eval "tl_program=\$TL_RACER_$tl_i"
    [ -n "$TL_HELPER" ] || tl_program="tl_file() { tl_dd \"\$@\"; }
$tl_program"
    TL_WHO=$tl_i TL_O=$TL_D/race/reply.$tl_i TL_E=$TL_D/race/e.$tl_i TL_MORE=$TL_D/race/more TL_IP=$TL_IP \
      TL_PRELOAD=$TL_PRELOAD $TL_SHELL -c "$TL_RACER
$tl_program
tl_go" < "$TL_D/race/go.$tl_i" > /dev/null 2>&1 3<&- 4<&- 5<&- 8<&- &
    eval "tl_racer_$tl_i=$!"
  done
  tl_scale
  tl_hung= tl_run=0 tl_late=0 tl_unasked=0 TL_UNNAMED=
  while [ $tl_run -lt $tl_runs ] && [ -z "$tl_hung" ]; do
    tl_run=$((tl_run + 1))
    [ $tl_run = 1 ] || tl_race_anew || break
    tl_race_once || break
  done
  kill $tl_clock
  tl_i=0
  while [ $tl_i -lt $tl_racers ]; do
    tl_i=$((tl_i + 1))
    eval "kill -9 \$tl_racer_$tl_i"
  done
  exec 3<&- 4<&- 5<&- 8<&-
  # If the netdev of a racer could not be named, the race did no work.
  [ -z "$TL_UNNAMED" ] || return $TL_UNNAMED
  tl_race_count
  if [ -n "$tl_hung" ]; then
    : > "$TL_D/race/hung"
    tl_stacks
    return 0
  fi
  [ $tl_run = $tl_runs ] && tl_race_anew
} 2> /dev/null

# Restores the initial state, so that the race can run again.
tl_race_anew() {
  tl_after > /dev/null 2>&1
  tl_before > /dev/null 2> "$TL_D/race/err" && return 0
  printf 'twinlink: cannot set up what races, behind run %s: %s\n' "$tl_run" "$(cat "$TL_D/race/err")" >> "$TL_D/err"
  return 1
}

# tl_race_show KEY COMMAND...: adds an answer to the final state, given by a process of its own.
tl_race_show() {
  printf '\n=%s\n' "$1" >> "$TL_D/race/state"
  shift
  ("$@") < /dev/null >> "$TL_D/race/state"
  tl_rc=$?
  ! tl_broken $tl_rc || printf '\n%s %s\n' $TLC_BROKEN $tl_rc >> "$TL_D/race/state"
}

tl_race_once() {
  : > "$TL_D/race/more"
  tl_names
  [ -z "$TL_UNNAMED" ] || return 1
  # The order in which the racers are notified is random, too.
  tl_random
  tl_first=$((TL_RANDOM / 65536 % tl_racers)) tl_i=0
  while [ $tl_i -lt $tl_racers ]; do
    tl_who=$(((tl_first + tl_i) % tl_racers + 1)) tl_i=$((tl_i + 1))
    tl_spin
    eval "tl_said_$tl_who=hang tl_dev=\${TL_DEV_$tl_who-}"
    echo "$tl_spin $tl_dev" >&$((tl_who + 2))
  done
  tl_left=$tl_racers tl_ticks=0 tl_finite=$TL_FINITE tl_dead=
  tl_last=$((2 * tl_bound))
  while [ $tl_left -gt 0 ] && [ $tl_ticks -lt $tl_last ]; do
    IFS= read -r tl_line <&6 || continue
    case $tl_line in
      tick)
        tl_ticks=$((tl_ticks + 1))
        [ $tl_ticks -lt 2 ] || tl_race_killed
        ;;
      [1-3]"|"*)
        eval "tl_said_${tl_line%%|*}=\${tl_line#*|}"
        case $tl_line in ?"|killed") tl_dead=1 ;; esac
        tl_left=$((tl_left - 1)) tl_finite=$((tl_finite - 1))
        # Racers that loop continue until the others have ended.
        [ $tl_finite != 0 ] || rm -f "$TL_D/race/more"
        ;;
    esac
  done
  case $tl_racers in
    1) printf '%s\n' "$tl_said_1" ;;
    2) printf '%s\t%s\n' "$tl_said_1" "$tl_said_2" ;;
    *) printf '%s\t%s\t%s\n' "$tl_said_1" "$tl_said_2" "$tl_said_3" ;;
  esac >> "$TL_D/race/runs"
  if [ $tl_left -gt 0 ] || [ -n "$tl_dead" ]; then
    tl_hung=1
    return 0
  fi
  [ $tl_ticks -lt $tl_bound ] || tl_late=$((tl_late + 1))
  tl_show
  for tl_x in state dump reply.1 reply.2 reply.3; do
    [ ! -e "$TL_D/race/$tl_x" ] || printf '\n@\n' >> "$TL_D/race/$tl_x"
  done
}

# Finds the racers without an answer that the kernel ended. Their locks are not released: other racers may wait for them.
tl_race_killed() {
  tl_i=0
  while [ $tl_i -lt $tl_racers ]; do
    tl_i=$((tl_i + 1))
    eval "tl_x=\$tl_said_$tl_i tl_pid=\$tl_racer_$tl_i"
    [ "$tl_x" = hang ] || continue
    ! tl_lives $tl_pid || continue
    eval "tl_said_$tl_i=killed"
    tl_left=$((tl_left - 1)) tl_dead=1
  done
}

# Prints each distinct text once, with a number, and how many runs had the same outcome.
tl_race_count() {
  printf 'runs %s\n' "$tl_run"
  [ $tl_late = 0 ] || printf 'late %s\n' "$tl_late"
  [ $tl_unasked = 0 ] || printf 'unasked %s\n' "$tl_unasked"
  cd "$TL_D/race" || return 1
  set --
  for tl_x in dump state reply.1 reply.2 reply.3; do
    [ -e "$tl_x" ] || continue
    sed "$TL_STRIP" "$tl_x" > "s.$tl_x"
    set -- "$@" "k=$tl_x" "s.$tl_x"
  done
  awk '
    k == "runs" { run[++n] = $0; next }
    $0 == "@" {
      if (!((k, text) in id)) {
        id[k, text] = ++ids[k]
        printf "text %s %s\n%s@\n", k, ids[k], text
      }
      at[k]++
      run[at[k]] = run[at[k]] "\t" id[k, text]
      text = ""
      next
    }
    $0 != "" { text = text $0 "\n" }
    END {
      for (i = 1; i <= n; i++) count[run[i]]++
      for (r in count) printf "run %s\t%s\n", count[r], r
    }
  ' k=runs runs "$@"
}
