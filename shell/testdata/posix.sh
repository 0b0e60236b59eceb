echo "a  b" 'c  d' a\ b "x\$y" `echo bq` $(echo "n e s t")
v="a b  c"; for i in $v; do echo "[$i]"; done; for i in "$v"; do echo "[$i]"; done
IFS=:; set -- a:b:c; for x in $1; do echo $x; done; unset IFS
echo ${v#a } ${v%c} ${v##* } ${v%% *} ${#v}
if [ -z "" ] && [ 1 -lt 2 ]; then echo ok; elif true; then echo no; else echo no2; fi
n=0; until [ $n -ge 3 ]; do n=$((n+1)); [ $n = 2 ] && continue; echo n$n; done
for i in 1 2 3 4; do [ $i = 3 ] && break; echo $i; done
echo out; echo err >&2; { echo g1; echo g2; } | cat -; (cd /tmp; pwd); cd /; pwd
cat <<'X' | grep -n b
a $v
b `x`
X
true && echo t || echo f; false && echo t || echo f; ! false; echo $?
nosuchcmd 2>/dev/null; echo $?
exec 3>/tmp/.t3; echo to3 >&3; exec 3>&-; cat /tmp/.t3; rm /tmp/.t3
printf '%s-%d-%x\n' a 10 255 b 11 16; printf 'no newline'; echo
echo a > /tmp/.q; echo b >> /tmp/.q; wc -l < /tmp/.q; cat /tmp/.q | while read l; do echo "l=$l"; done; rm -f /tmp/.q
x=$(exit 7); echo $?; (exit 9); echo $?
trap 'echo bye' EXIT
case abc in x) echo x;; a?c|z) echo az;; *) echo no;; esac
set -- one "two three"; echo $# "$2"; for a in "$@"; do echo "<$a>"; done; shift; echo $1
echo $((1+2*3)) $((10/3)) $((7%4)) $(( (1<<4) | 1 )) $((5>3 && 2>1))
f() { if [ $1 -gt 0 ]; then echo $1; f $(($1-1)); fi; }; f 3
eval 'echo ev $((1+1))'
echo ~ | sed 's|.*/||' >/dev/null; echo "$HOME" >/dev/null
[ -d /tmp ] && [ -f /tmp/nosuch ] || echo nofile; test "a" = "a" -a 1 -eq 1 && echo and
printf '%s\n' 1 2 3 4 5 | head -n 3 | tail -n 1; printf '%s\n' 9 10 1 | sort -rn | head -2; printf 'b\na\nb\n' | sort
echo 'a,b,c' | cut -d, -f2-; echo abc | cut -c2; echo "a b" | tr ' ' '\n' | wc -l
sleep 0.01 & wait $!; echo w$?
time_=1; echo "$time_"
echo a; false; echo "st=$?"; kill -0 $$ && echo alive
readonly R=1; (R=2) 2>/dev/null; echo $R
while :; do break; done; echo after
echo "multi
line"
find /tmp -maxdepth 0 -type d; ls -d /tmp
x=5; y=$((x * 2 + 1)); echo $y ${x:+set} "${z:-def}"
f() { local a=$1; echo "f $a"; return 3; }; f q; echo $?
while read -r a b; do echo "$b-$a"; done <<EOT
1 2
3 4
EOT
case foo in f*) echo glob;; esac
echo hello | tr a-z A-Z | sed 's/L/_/g; s/^H/h/'
exit 3
