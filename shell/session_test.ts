import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BOOTED_ERAS } from "../model/mod.ts";
import { complete } from "./complete.ts";
import { Session, splitCommands } from "./mod.ts";

const HANDLE = "netdevsim/netdevsim10";
const DEBUGFS = "/sys/kernel/debug/netdevsim/netdevsim10";

/** Returns a machine with one device of two ports. */
function made(era: ConstructorParameters<typeof Session>[0]["era"] = "6.12"): Session {
  const session = new Session({ era });
  assertEquals(session.run("echo '10 2' > /sys/bus/netdevsim/new_device").rc, 0);
  return session;
}

Deno.test("a script of a POSIX shell does what dash does", async () => {
  const script = await Deno.readTextFile(new URL("testdata/posix.sh", import.meta.url));
  const expected = await Deno.readTextFile(new URL("testdata/posix.out", import.meta.url));
  let said = "";
  const take = (text: string) => void (said += text);
  const { rc } = new Session({ era: "6.12" }).runAlone(script, { out: take, err: take });
  assertEquals(`${said}exit status ${rc}\n`, expected);
});

Deno.test("a flash in the background takes its time while others run; its own instance waits for it", () => {
  // Seen on the kernels: 1.2 s and 8.4 s; before 5.13, the flash holds the lock of all instances
  for (const era of BOOTED_ERAS) {
    const session = made(era);
    session.run("echo '11 1' > /sys/bus/netdevsim/new_device; mkdir -p /lib/firmware; echo x > /lib/firmware/dummy");
    const uptime = () => Number(session.run("cut -d' ' -f1 /proc/uptime").stdout);
    const since = (line: string) => {
      const begin = uptime();
      const { rc } = session.run(`devlink dev flash ${HANDLE} file dummy > /tmp/said & sleep 1; ${line}`);
      const took = uptime() - begin;
      assertEquals([rc, session.run("wait; cat /tmp/said").stdout.includes("Flashing done")], [0, true], line);
      return [took, uptime() - begin].map((s) => s < 2 ? "at once" : s < 12 ? "after the flash" : s);
    };
    const other = era === "5.10" ? "after the flash" : "at once";
    assertEquals(since("devlink dev info netdevsim/netdevsim11"), [other, "after the flash"], era);
    assertEquals(since(`devlink dev info ${HANDLE}`), ["after the flash", "after the flash"]);
    assertEquals(since("cat /sys/bus/netdevsim/devices/netdevsim10/sriov_numvfs"), ["at once", "after the flash"]);
  }
});

Deno.test("what devlink(8) refuses by itself: a share above the maximum, a port's objects on kernels without selectors", () => {
  const session = made("6.1");
  session.run(
    `echo 1 > /sys/bus/netdevsim/devices/netdevsim10/sriov_numvfs; devlink dev eswitch set ${HANDLE} mode switchdev`,
  );
  const rate = `devlink port function rate set ${HANDLE}/128`;
  assertEquals(
    session.run(`${rate} tx_max 1mbit; ${rate} tx_share 2mbit`).stderr,
    "Invalid. Expected tx_share <= tx_max or tx_share == 0.\n",
  );
  for (
    const line of [
      `health show ${HANDLE}/0`,
      "port health show eth1",
      `sb port pool show ${HANDLE}/0`,
      `sb tc bind show ${HANDLE}/0`,
    ]
  ) {
    const { rc, stderr } = session.run(`devlink ${line}`);
    assertEquals([rc, stderr], [1, "Dump selectors are not supported by kernel for this command\n"], line);
  }
});

Deno.test("each era: an instance, its reload, its end; the same commands give the same", () => {
  for (const era of BOOTED_ERAS) {
    const [one, two] = [made(era), made(era)].map((session) =>
      [
        "devlink dev show",
        "devlink -jps port show",
        `devlink dev reload ${HANDLE}; devlink -s dev show`,
        "ip -d link",
        "ls -R /sys/bus/netdevsim /sys/kernel/debug/netdevsim",
        "echo 10 > /sys/bus/netdevsim/del_device; devlink dev show; echo rc=$?",
      ].map((line) => session.run(line))
    );
    assertEquals(one, two, era);
    assertStringIncludes(one![0]!.stdout, HANDLE);
    assertStringIncludes(one![2]!.stdout, "driver_reinit");
    assertEquals(one![5]!.stdout, "rc=0\n");
  }
});

Deno.test("notify: the messages of a command, with and without listeners; without a reader no counter changes", () => {
  const session = made();
  const { notify } = session.run(`devlink dev reload ${HANDLE}`);
  assertEquals(notify["init"]?.length, 61);
  assertEquals(session.run("true").notify, {});
  const dropped = /dropped (\d+)/.exec(session.run(`devlink -s trap show ${HANDLE} trap tail_drop`).stdout)![1];
  assertEquals(dropped, "0");
});

Deno.test("a monitor hears while it runs, in its netns, and reads counters as it does", () => {
  const session = made();
  const { stdout } = session.run(
    `ip netns add n1; devlink -j monitor > /tmp/a & A=$!; ip netns exec n1 devlink monitor > /tmp/b & B=$!; sleep .1; ` +
      `devlink dev reload ${HANDLE} netns n1; sleep .1; kill -INT $A $B; wait; wc -l < /tmp/b; head -c 60 /tmp/a`,
  );
  assertMatch(stdout, /^\d+\n\{"mon":\[\{"command":"new","port":/);
  assert(Number(stdout.split("\n")[0]) > 30);
  session.run(`devlink -N n1 dev reload ${HANDLE} netns 1`);
  const monitored = session.run(
    `devlink monitor trap > /tmp/m & sleep .1; devlink dev reload ${HANDLE}; kill -INT $!; wait; ` +
      `devlink -s trap show ${HANDLE} trap tail_drop | grep -o 'dropped [0-9]*'`,
  );
  // The monitor reported 14 traps
  assertEquals(monitored.stdout, "dropped 14\n");
});

Deno.test("time is virtual: a sleep takes none, and what is due comes in its order", () => {
  const session = made();
  const begin = performance.now();
  const { stdout } = session.run("(sleep 3600; echo late) & (sleep 60; echo early) & sleep 7200; echo last; wait");
  assertEquals(stdout, "early\nlate\nlast\n");
  assert(performance.now() - begin < 60_000);
});

Deno.test("a command that never ends is ended: a monitor in the foreground, a wait for it", () => {
  const session = made();
  const alone = session.run("devlink monitor");
  assertEquals([alone.rc, alone.stdout], [0, ""]);
  assertStringIncludes(alone.stderr, "nothing more will happen");
  assertStringIncludes(
    session.run("devlink monitor > /dev/null & wait; echo never").stderr,
    "nothing more will happen",
  );
  assertEquals(session.run("echo still here").stdout, "still here\n");
});

Deno.test("jobs: $!, wait and its status, kill, a pipe whose reader ends", () => {
  const session = made();
  assertEquals(session.run("sleep 100 & kill $!; wait $!; echo $?").stdout, "143\n");
  assertEquals(session.run("(exit 7) & wait $!; echo $?").stdout, "7\n");
  assertEquals(session.run("while :; do echo x; done | head -2").stdout, "x\nx\n");
  // In the background SIGINT is not heard
  assertEquals(session.run("sleep 1 & P=$!; kill -INT $P; wait $P; echo $?").stdout, "0\n");
  assertEquals(session.run("timeout 2 sleep 5; echo $?; timeout 5 sleep 2; echo $?").stdout, "143\n0\n");
});

Deno.test("errors of files: as dash and busybox print them", () => {
  const session = made();
  const of = (line: string) => session.run(line).stderr;
  assertEquals(
    of("echo 1 > /sys/bus/netdevsim/nosuch"),
    "/bin/sh: 1: cannot create /sys/bus/netdevsim/nosuch: Permission denied\n",
  );
  assertEquals(of("echo 1 > /nosuch/x"), "/bin/sh: 1: cannot create /nosuch/x: Directory nonexistent\n");
  assertEquals(
    of("cat /sys/bus/netdevsim/new_device"),
    "cat: can't open '/sys/bus/netdevsim/new_device': Permission denied\n",
  );
  assertEquals(of(`cat ${DEBUGFS}/take_snapshot`), "cat: read error: Invalid argument\n");
  assertEquals(of("echo x > /sys/bus/netdevsim/new_device"), "/bin/sh: 1: echo: echo: I/O error\n");
  assertEquals(of("echo 99 | cat > /sys/bus/netdevsim/del_device"), "cat: write error: No such file or directory\n");
  assertEquals(of("nosuch"), "/bin/sh: 1: nosuch: not found\n");
  assertEquals(of("if true; then").slice(0, 26), "/bin/sh: 1: Syntax error: ");
});

Deno.test("devlink: batch files, options anywhere, names of netdevs for ports, netns by option", () => {
  const session = made();
  assertEquals(session.run("printf 'dev show\\nport show eth1\\n' | devlink -j -b -").stdout.split("\n").length, 2);
  const failing = session.run("printf 'dev show\\nfoo\\nport show\\n' > /tmp/b; devlink -b /tmp/b");
  assertEquals([failing.rc, failing.stderr], [1, 'Object "foo" not found\nCommand failed /tmp/b:2\n']);
  assertEquals(session.run("devlink dev show -j").stdout, `{"dev":{"${HANDLE}":{}}}\n`);
  assertEquals(
    session.run("devlink -N nosuch dev show").stderr,
    'Cannot open network namespace "nosuch": No such file or directory\n',
  );
  assertEquals(session.run("devlink --help").rc, 1);
  assertEquals(session.run("devlink -V").stdout, "devlink utility, iproute2-7.3.0\n");
});

Deno.test("ip: netdevs are moved, renamed, taken up; routes come and go; a monitor of links reports it", () => {
  const session = made();
  const { stdout } = session.run(
    "ip -o monitor link > /tmp/l & sleep .1; ip link set eth1 up; ip link set eth1 down; sleep .1; kill $!; wc -l < /tmp/l; cut -d'<' -f2 /tmp/l | cut -d'>' -f1",
  );
  assertEquals(stdout, "2\nBROADCAST,UP,LOWER_UP\nBROADCAST\n");
  assertEquals(session.run("ip netns add n1; ip link set eth2 netns n1; ip -n n1 -br link | wc -l").stdout, "2\n");
  assertEquals(
    session.run("ip route add 192.0.2.0/24 dev lo; ip route show dev lo").stdout,
    "192.0.2.0/24 scope link rt_trap \n",
  );
  assertEquals(session.run("ip route flush dev lo; ip route show dev lo").stdout, "");
  assertEquals(session.run("ip link set eth1 name x0; ip -br link show x0 | cut -d' ' -f1").stdout, "x0\n");
});

Deno.test("split: a script in command lines; an open command continues, a wrong line is alone", () => {
  assertEquals(splitCommands("a\n\n# b\nc \\\nd\n"), ["a", "c \\\nd"]);
  assertEquals(splitCommands("if x\nthen y\nfi\nz"), ["if x\nthen y\nfi", "z"]);
  assertEquals(splitCommands("cat <<E\nx\nE\nz\n"), ["cat <<E\nx\nE", "z"]);
  assertEquals(splitCommands("f() {\n a\n}\nf"), ["f() {\n a\n}", "f"]);
  assertEquals(splitCommands("a &&\nb"), ["a &&\nb"]);
  assertEquals(splitCommands(")\na"), [")", "a"]);
});

Deno.test("completion: commands, objects and verbs, handles, files", () => {
  const session = made();
  assertEquals(complete(session, "devl"), [["devlink"], "devl"]);
  assertEquals(complete(session, "devlink tr"), [["trap"], "tr"]);
  assertEquals(complete(session, "devlink dev reload n"), [
    [HANDLE, `${HANDLE}/0`, `${HANDLE}/1`, `${HANDLE}/dummy`],
    "n",
  ]);
  assertEquals(complete(session, "cat /sys/bus/netdevsim/ne")[0], ["/sys/bus/netdevsim/new_device"]);
  assertEquals(complete(session, "echo x; ip ne")[0], ["netns"]);
});

Deno.test("a session keeps its variables, its folder and its functions; exit ends it", () => {
  const session = made();
  session.run("x=5; cd /tmp; f() { echo f$x; }");
  assertEquals(session.run("f; pwd").stdout, "f5\n/tmp\n");
  assertEquals(session.runAlone("echo [$x]; pwd").stdout, "[]\n/\n");
  assertEquals(session.ended, undefined);
  assertEquals(session.run("exit 4").rc, 4);
  assertEquals(session.ended, 4);
});

Deno.test("what needs too much is ended with an error message: recursion, processes, memory, a full disk", () => {
  const cases: [string, string, RegExp][] = [
    ["f() { f; }; f; echo no", "", /Maximum function recursion depth \(1000\) reached/],
    ['f() { [ $1 = 0 ] || f $(($1-1)); }; f 900; echo "$?"', "0\n", /^$/],
    ["e() { eval e; }; e; echo no", "", /Maximum function recursion depth/],
    ["f() { (f); }; f", "", /Cannot fork/],
    ["while :; do sleep 1000 & done; echo no", "", /^\S+ 1: Cannot fork\n$/],
    ["a=x; while :; do a=$a$a; done; echo no", "", /^Killed: out of memory\n$/],
    ['set -- a; while :; do set -- "$@" "$@"; done; echo no', "", /^Killed: out of memory\n$/],
    ["x=$(cat /dev/zero); echo $?", "137\n", /^Killed: out of memory\n$/],
    ["cat /dev/zero | sort; echo $?", "137\n", /Killed: out of memory/],
    ["printf '%1000000000d' 1; echo no", "", /^Killed: out of memory\n$/],
    ["cat /dev/zero > /tmp/f; echo $?", "1\n", /No space left on device/],
    ["echo $((2**100000000000)) $((1<<100000000001)) $((3**3))", "0 2 27\n", /^$/],
  ];
  for (const [command, stdout, stderr] of cases) {
    const result = new Session({ era: "6.12" }).run(command);
    assertEquals(result.stdout, stdout, command);
    assertMatch(result.stderr, stderr, command);
  }
});

Deno.test("endless computation lets other processes run, and takes time: a busy job, a timeout, a reader that ends", () => {
  const session = new Session({ era: "6.12" });
  const cases: [string, string][] = [
    ["while :; do :; done & echo beside; sleep 1; kill $!; wait $!; echo $?", "beside\n143\n"],
    ["timeout 1 sh -c 'while :; do :; done'; echo $?", "143\n"],
    ["timeout 1 cat /dev/zero > /dev/null; echo $?", "143\n"],
    ["cat /dev/zero | head -c 2 | wc -c; while echo y; do :; done | head -1", "2\ny\n"],
    ["while :; do true & done & sleep 1; kill $!; echo ended", "ended\n"],
  ];
  for (const [command, stdout] of cases) assertEquals(session.run(command).stdout, stdout, command);
});

Deno.test("Ctrl-C: the process in the foreground gets it; traps run, jobs continue, $? is 130", () => {
  let asked = 0;
  const session = new Session({ era: "6.12", interrupted: () => ++asked === 50 });
  const run = (command: string) => {
    asked = 0;
    const { rc, stdout } = session.run(command);
    return [rc, stdout];
  };
  assertEquals(run("while :; do :; done; echo no"), [130, ""]);
  assertEquals(run("echo $?"), [0, "130\n"]);
  assertEquals(run("sh -c 'trap \"exit 7\" INT; while :; do :; done'; echo $?"), [0, "7\n"]);
  assertEquals(run("(while :; do sleep 1; done) & wait; echo no"), [130, ""]);
  assertEquals(run("kill -0 $! && echo alive"), [0, "alive\n"]);
});

Deno.test("${x#p} and ${x%p}: the shortest and the longest match, also in long texts", () => {
  const script = 'x=abcabc; echo ${x#*b} ${x##*b} ${x%b*} ${x%%b*} ${x#z} ${x%z} "${x##*}" ${x#?} ${x%[bc]}; ' +
    "y=12345678; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do y=$y$y; done; y=${y##*7}; echo ${#y}";
  assertEquals(
    new Session({ era: "6.12" }).run(script).stdout,
    "cabc c abca a abcabc abcabc  bcabc abcab\n1\n",
  );
});
