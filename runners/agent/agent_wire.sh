# The board's half of the wire protocol (wire.ts is the host's half). Requests come in; answers and records go out, each with
# its sum. POSIX sh (dash, busybox ash). A damaged request is not run, and a repeated request is not run twice. Everything that
# was sent is stored, so that it can be sent again. Before it the host sets TLC_*: the values that both halves share, in
# constants.ts.
#
#   @SUM DIGIT WORDS           a request: one line without these blanks. WORDS call a function here, or are `!` and a command whose output
#                              is wanted. The digit goes up by one, and 1 follows 9; 0 is for requests that may be done twice
#   +NUMBER.PIECE SUM TEXT     a piece of the script that the request of that number is about; the first request has number 1
#   =SUM DIGIT WORDS           the answer to the request of that digit, without these blanks; `again` if a request came damaged
#   @tl1 SEQ LENGTH CKSUM ...  a record: LENGTH bytes follow, then a line feed; see tl_send
#   @~                         each second while a plan runs: the board is alive. It may come between any two lines, also within a record
#
# SUM is the sum of the text after it. Up to TLC_FEW characters the shell itself computes the sum, in 6 hexadecimal digits,
# since a process costs more time than the transfer. For longer texts SUM is the checksum (cksum), in 8 digits.

LC_ALL=C
export LC_ALL
TL_HEARD=0
TL_DIGIT=
TL_T=0
TL_SAID=
TL_SEQ=0
TL_INT=0
TL_CODE=
TL_CODED=
TL_Z=999999999
# The most bytes of any file of the agent, also of a record, and the most bytes of one record on the line. The host sets both.
TL_MOST=$TLC_MOST
TL_MOST_SENT=$TLC_MOST
# The first digits of the MD5 of each line that the host has; a blank before each and after the last.
TL_KNOWN=
# True if the host wants signs that the board is alive.
TL_BEAT=
# The printable characters in their order.
TL_ASCII=' !"#$%&'\''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~'

# tl_measure FILE: sets TL_SUM and TL_LENGTH. The checksum is the one of POSIX cksum; some builds of busybox lack it and have md5sum.
TL_CKSUM=cksum
tl_measure() {
  if [ $TL_CKSUM = cksum ]; then
    set -- $(cksum < "$1")
  else
    set -- $(md5sum < "$1") $(wc -c < "$1")
    set -- "$1" "$3"
  fi
  TL_SUM=$1 TL_LENGTH=$2
}

# tl_sum WORDS: sets TL_SUM to the sum of the words.
tl_sum() {
  if [ ${#1} -gt $TLC_FEW ]; then
    set -- $(printf '%s' "$1" | $TL_CKSUM)
    TL_SUM=$1
    return
  fi
  tl_rest=$1 TL_SUM=${#1}
  while [ -n "$tl_rest" ]; do
    tl_more=${tl_rest#?}
    tl_char=${tl_rest%"$tl_more"}
    tl_before=${TL_ASCII%%"$tl_char"*}
    TL_SUM=$(((TL_SUM * TLC_SUM_FACTOR + ${#tl_before}) % TLC_SUM_MODULUS)) tl_rest=$tl_more
  done
}

# tl_number TEXT: sets TL_SUM to the number that stands before a request or an answer with this text.
tl_number() {
  tl_sum "$1"
  [ ${#TL_SUM} -lt 32 ] || TL_SUM=$((0x${TL_SUM%"${TL_SUM#$TLC_LONG_SUM_SKIP}"}))
}

# tl_reply DIGIT WORDS: sends an answer. It begins with a line feed, since the cursor may be in the middle of a line.
tl_reply() {
  tl_text=$1
  shift
  tl_text="$tl_text$*"
  tl_number "$tl_text"
  if [ ${#tl_text} -gt $TLC_FEW ]; then
    printf "\n$TLC_ANSWER%0${TLC_LONG_SUM_DIGITS}x%s\n" "$TL_SUM" "$tl_text"
  else
    printf "\n$TLC_ANSWER%0${TLC_SUM_DIGITS}x%s\n" "$TL_SUM" "$tl_text"
  fi
}

# tl_answers WORDS: answers the current request, now and each time that this request is repeated.
tl_answers() {
  TL_SAID="$*"
  tl_reply "$TL_DIGIT" "$TL_SAID"
}

# tl_new KIND ARG...: begins the next record.
tl_new() {
  TL_SEQ=$((TL_SEQ + 1))
  TL_R=$TL_D/r$TL_SEQ
  printf '%s %s\n' "$TL_SEQ" "$*" > "$TL_R"
}

# tl_send SEQ: sends a whole record: as plain bytes, or in code if it is long. A record over its bound is not sent: returns 1.
tl_send() {
  tl_measure "$TL_D/r$1"
  [ "$TL_LENGTH" -le $TL_MOST ] || return 1
  if [ "$TL_LENGTH" -gt $TL_Z ]; then
    if [ -n "$TL_KNOWN" ] && tl_gaps "$1"; then
      tl_head "$1" "$TL_D/s" g
    else
      tl_code "$1"
      tl_measure "$TL_D/s"
      [ "$TL_LENGTH" -le $TL_MOST_SENT ] || return 1
      tl_head "$1" "$TL_D/s" $TL_CODE
    fi
    cat "$TL_D/s"
  else
    printf "\n$TLC_RECORD %s %s %s\n" "$1" "$TL_LENGTH" "$TL_SUM"
    cat "$TL_D/r$1"
  fi
  printf '\n'
}

# tl_gaps SEQ: writes into $TL_D/s the record that was measured, in code and without the lines that the host has. The text
# before it gives its length, its checksum, and the number and the MD5 of each line that is left out.
tl_gaps() {
  awk -v f="$TL_D/l." -v long="$TLC_LONG" 'length >= long { print > (f NR); close(f NR) }' "$TL_D/r$1" || return 1
  md5sum "$TL_D"/l.[0-9]* > "$TL_D/sums" || return 1
  rm -f "$TL_D"/l.[0-9]*
  tl_gone= tl_left=
  while read -r tl_x tl_line; do
    case $TL_KNOWN in
      *" ${tl_x%"${tl_x#$TLC_KNOWN_SKIP}"} "*)
        tl_gone="$tl_gone ${tl_line##*.} $tl_x"
        tl_left="$tl_left${tl_line##*.}d
"
        ;;
    esac
  done < "$TL_D/sums"
  [ -n "$tl_gone" ] || return 1
  TL_CODED=
  {
    printf '%s %s%s\n' "$TL_LENGTH" "$TL_SUM" "$tl_gone"
    sed "$tl_left" "$TL_D/r$1"
  } | gzip | base64 | tr -d ' \n' > "$TL_D/s"
} 2> /dev/null

# tl_head SEQ FILE CODE...: prints the line before a record in code, or before a part of a record. The data must follow at once.
tl_head() {
  tl_measure "$2"
  tl_x=$1
  shift 2
  printf "\n$TLC_RECORD %s %s %s %s\n" "$tl_x" "$TL_LENGTH" "$TL_SUM" "$*"
}

# tl_code SEQ: writes a record into $TL_D/s in code: letters and digits, which every line can carry.
tl_code() {
  [ "$TL_CODED" != "$1" ] || return 0
  case $TL_CODE in
    z) gzip < "$TL_D/r$1" | base64 ;;
    *) od -An -v -tx1 < "$TL_D/r$1" ;;
  esac | tr -d ' \n' > "$TL_D/s"
  TL_CODED=$1
}

# tl_parts SEQ FIRST LAST: sends parts of a record in code, TLC_PART bytes each, with the offset of each and the total length.
tl_parts() {
  [ -s "$TL_D/r$1" ] || return 0
  tl_code "$1"
  set -- "$1" "$2" "$3" $(wc -c < "$TL_D/s")
  tl_at=$2
  while [ "$tl_at" -le "$3" ] && [ $((tl_at * TLC_PART)) -lt "$4" ]; do
    dd if="$TL_D/s" of="$TL_D/part" bs=$TLC_PART skip="$tl_at" count=1 2> /dev/null
    tl_head "$1" "$TL_D/part" "$TL_CODE" $((tl_at * TLC_PART)) "$4"
    cat "$TL_D/part"
    printf '\n'
    tl_at=$((tl_at + 1))
  done
}

# tl_call WORDS: runs a command and answers with its output and its exit status. A short output is in the answer itself, a long
# one in a record.
tl_call() {
  (eval "$1") < /dev/null > "$TL_D/out" 2> /dev/null
  tl_rc=$?
  tl_line= tl_more=
  if [ ! -s "$TL_D/out" ]; then
    tl_answers $tl_rc
    return
  fi
  # The shell reads byte by byte, so only read an output that fits into the answer's line.
  if [ $(wc -c < "$TL_D/out") -le 101 ] && { IFS= read -r tl_line && ! IFS= read -r tl_more && [ -z "$tl_more" ]; } < "$TL_D/out"; then
    case $tl_line in
      *[!\ -~]*) ;;
      *)
        [ ${#tl_line} -gt 100 ] || {
          tl_answers "$tl_rc =$tl_line"
          return
        }
        ;;
    esac
  fi
  tl_new answer "$TL_HEARD" "$tl_rc"
  TL_SAID="$tl_rc @$TL_SEQ"
  if ! cat "$TL_D/out" >> "$TL_R"; then
    tl_answers $tl_rc $TLC_OVER $(wc -c < "$TL_D/out")
  elif ! tl_send $TL_SEQ; then
    tl_answers $tl_rc $TLC_OVER $TL_LENGTH
  fi
}

# tl_piece NUMBER SUM TEXT: stores a piece of a script; its text has the escapes of printf. Pieces may come in any order, and
# repeatedly.
tl_piece() {
  case $1 in
    *[!0-9.]* | "") ;;
    *) printf '%s\n' "$2 $3" > "$TL_D/p.$1" ;;
  esac
}

# tl_join COUNT CKSUM: joins the pieces of the request, or answers which pieces are missing: then the request is not done. The
# sum of each piece is checked only if the checksum of the whole is wrong.
tl_join() {
  for tl_check in "" 1; do
    tl_i=0 tl_missing=
    while [ $tl_i -lt "$1" ]; do
      tl_f=$TL_HEARD.$tl_i
      if [ ! -e "$TL_D/p.$tl_f" ]; then
        tl_missing="$tl_missing $tl_i"
      else
        IFS= read -r tl_line < "$TL_D/p.$tl_f"
        [ -z "$tl_check" ] || tl_sum "$tl_f ${tl_line#* }"
        if [ -z "$tl_check" ] || [ "$TL_SUM" = "${tl_line%% *}" ]; then
          printf '%b' "${tl_line#* }"
        else
          tl_missing="$tl_missing $tl_i"
        fi
      fi
      tl_i=$((tl_i + 1))
    done > "$TL_D/joined"
    [ -n "$tl_missing" ] || tl_measure "$TL_D/joined"
    [ -n "$tl_missing" ] || [ "$TL_SUM" != "$2" ] || return 0
  done
  tl_reply "$TL_DIGIT" $TLC_MISSING$tl_missing
  TL_HEARD=$((TL_HEARD - 1))
  return 1
}

# tl_script COUNT CKSUM CODE THEN: runs a script once it is whole, by `call` or `run`. It came in COUNT pieces. With the code
# `follows`, COUNT bytes follow instead, on a line that loses nothing.
tl_script() {
  if [ "$3" = follows ]; then
    head -c "$1" > "$TL_D/joined"
  else
    tl_join "$1" "$2" || return 0
    rm -f "$TL_D"/p.*
  fi
  case $3 in
    z) base64 -d < "$TL_D/joined" | gzip -d > "$TL_D/script" ;;
    *) mv "$TL_D/joined" "$TL_D/script" ;;
  esac
  case $4 in
    call) tl_call '. "$TL_D/script"' ;;
    *)
      tl_answers $TLC_BEGUN $TL_SEQ
      . "$TL_D/script"
      ;;
  esac
}

# tl_heard LINE: handles one line from the host.
tl_heard() {
  case $1 in
    "") return 0 ;;
    exit) exit ;;
    "$TLC_PIECE"*" "*" "*)
      set -- "${1#"$TLC_PIECE"}"
      set -- "${1%% *}" "${1#* }"
      tl_piece "$1" "${2%% *}" "${2#* }"
      return
      ;;
    "$TLC_REQUEST"$TLC_SUM_SHAPE[0-9a-f]?*) ;;
    *)
      tl_reply 0 $TLC_AGAIN
      return
      ;;
  esac
  tl_text=${1#$TLC_SUM_SKIP}
  [ ${#tl_text} -le $((TLC_FEW + 1)) ] || tl_text=${tl_text#$TLC_SUM_SKIP_MORE}
  tl_given=${1%"$tl_text"}
  tl_given=${tl_given#"$TLC_REQUEST"}
  set -- "$tl_text"
  tl_number "$1"
  # A text that is no number would end a shell that calculates with it.
  case $tl_given in
    *[!0-9a-f]*) tl_given=-1 ;;
    *) tl_given=$((0x$tl_given)) ;;
  esac
  if [ "$TL_SUM" != "$tl_given" ]; then
    tl_reply 0 $TLC_AGAIN
    return
  fi
  TL_INT=0
  tl_given=${1%"${1#?}"}
  case $tl_given in
    0) ;;
    $((TL_HEARD % 9 + 1))) TL_HEARD=$((TL_HEARD + 1)) TL_DIGIT=$tl_given ;;
    "$TL_DIGIT")
      tl_reply "$TL_DIGIT" "$TL_SAID"
      return
      ;;
    *)
      tl_reply "$tl_given" $TLC_UNEXPECTED "$TL_HEARD"
      return
      ;;
  esac
  set -- "${1#?}"
  case $1 in
    !*) tl_call "${1#!}" ;;
    *) eval "$1" ;;
  esac
}

# Reads a line of the board's terminal. If a signal interrupts it, TL_LINE has the beginning of the line.
tl_hear() {
  IFS= read -r TL_LINE
}

# tl_wire: handles requests until the host ends the agent or the line is gone.
tl_wire() {
  umask 077
  TL_D=
  trap '[ -z "$TL_D" ] || rm -rf "$TL_D"' EXIT
  # Without this check, a script that finds no space would have missing pieces again and again.
  if ! { TL_D=$(mktemp -d "${TMPDIR:-/tmp}/twinlink.XXXXXX") && printf "%0${TLC_SPACE}d" 0 > "$TL_D/space" && rm "$TL_D/space"; }; then
    printf '\n%s\n' "$TLC_NO_ROOM"
    return 1
  fi
  # A process that writes more than this into a file is killed, so that the board does not fill up. This shell is not killed.
  trap : XFSZ
  ulimit -S -f $((TL_MOST / 512))
  # If the line is cut, a plan still continues to its tear-down. Then the shell ends, and so does the agent.
  trap '' HUP PIPE
  # A damaged byte may look like one interrupt. Two in a row are meant. A third must not interrupt the clean-up.
  trap 'TL_INT=$((TL_INT + 1)); [ $TL_INT -lt 2 ] || { trap "" INT; exit; }' INT
  command -v cksum > /dev/null 2>&1 || TL_CKSUM=md5sum
  # After a child has ended, `read` of busybox waits for a signal. So it runs in a process of its own, which has no children.
  case $(readlink /proc/$$/exe) in
    *busybox*)
      tl_hear() {
        TL_LINE=
        TL_LINE=$(sh -c 'IFS= read -r l && printf %s "$l"')
      }
      ;;
  esac
  case $(printf x | gzip 2> /dev/null | base64 2> /dev/null | base64 -d 2> /dev/null | gzip -d 2> /dev/null) in
    x) TL_CODE=z ;;
    *) TL_CODE=x ;;
  esac
  tl_reply 0 $TLC_READY $TL_CODE $TL_CKSUM
  tl_held= tl_ends=0
  while [ $tl_ends -lt 20 ]; do
    tl_t=$TL_T.$TL_INT
    if tl_hear; then
      tl_line=$tl_held$TL_LINE
      tl_held= tl_ends=0
      tl_heard "$tl_line"
    else
      tl_held=$tl_held$TL_LINE
      tl_ends=$((tl_ends + 1))
      [ "$tl_t" = "$TL_T.$TL_INT" ] || tl_ends=0
    fi
  done
  exit
}

# tl_end: the last request: stops the agent.
tl_end() {
  tl_stop
  tl_answers stopped
  exit
}
