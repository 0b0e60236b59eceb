/**
 * Each program and each builtin on its own: what BusyBox 1.38, dash and ip(8) of iproute2 7.3 printed, and what transcripts
 * of real machines hold.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PROGRAMS } from "./programs.ts";
import { readTranscripts } from "./replay/transcript.ts";
import { Session } from "./mod.ts";

type Recorded = [program: string, command: string, rc: number, stdout: string, stderr: string];

const RECORDED = JSON.parse(
  await Deno.readTextFile(new URL("./testdata/programs.json", import.meta.url)),
) as Recorded[];

/** Runs a command as it was recorded: in an empty folder, ip(8) in a new netns. */
function ran(program: string, command: string) {
  const session = new Session({ era: "7.3" });
  if (program === "ip") {
    session.runAlone("ip netns add t");
    return session.runAlone(`ip netns exec t sh -c '${command}'`);
  }
  session.runAlone("mkdir /tmp/p");
  return session.runAlone(`cd /tmp/p; ${command}`);
}

for (const [program, recorded] of Map.groupBy(RECORDED, ([name]) => name)) {
  Deno.test(`${program}: prints what a real one prints`, () => {
    for (const [, command, ...expected] of recorded) {
      const { rc, stdout, stderr } = ran(program, command);
      assertEquals([rc, stdout, stderr], expected, command);
    }
  });
}

/** Programs that other tests check, with the reason why no recording can. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  devlink: "talks to netdevsim: below and in the transcripts",
  ethtool: "talks to netdevsim: below and in the transcripts",
  lsmod: "the modules of the machine: below",
  insmod: "the modules of the machine: below",
  modprobe: "the modules of the machine: below",
  rmmod: "the modules of the machine: below",
  dmesg: "the kernel log of the machine: below",
};
const BUILT_IN = ["echo", "printf", "test", "[", "true", "false", "kill", "pwd"];

Deno.test("programs: each of them has a test", () => {
  const tested = new Set([...RECORDED.map(([name]) => name), ...Object.keys(ELSEWHERE), ...BUILT_IN]);
  assertEquals([...PROGRAMS.names].filter((name) => !tested.has(name)), []);
});

Deno.test("what is built in is a program as well, for those that run programs", () => {
  const words = ["echo a", "printf a", "test a", "[ a ]", "true", "kill -0 1", "pwd"];
  for (const line of words) {
    const session = new Session({ era: "7.3" });
    const [inside, outside] = [`timeout 5 ${line}`, line].map((each) => session.runAlone(each));
    assertEquals([inside!.rc, inside!.stdout], [outside!.rc, outside!.stdout], line);
  }
});

/** Returns what a machine printed of one command of its transcripts. */
async function printed(file: string, number: number): Promise<string> {
  const files = await readTranscripts(new URL("./testdata/6.12.jsonl.gz", import.meta.url));
  return files.find(({ name }) => name === file)!.blocks.find((block) => block.number === number)!.stdout;
}

function made(): Session {
  const session = new Session({ era: "6.12", release: "6.12.117+deb12-amd64" });
  session.run("echo '10 2' > /sys/bus/netdevsim/new_device");
  return session;
}

Deno.test("uname, devlink -V, ip -V: as a machine printed them", async () => {
  const text = await printed("01-create.txt", 1);
  const session = made();
  assertStringIncludes(text, session.run("uname -r").stdout.trim());
  assertStringIncludes(text, session.run("devlink -V").stdout);
  assertStringIncludes(text, session.run("ip -V").stdout);
  assertEquals(session.run("uname -a").stdout.split(" ").slice(2).join(" "), `${session.run("uname -rvmo").stdout}`);
});

Deno.test("lsmod: the modules as a machine listed them", async () => {
  const text = (await printed("01-create.txt", 2)).split("\n");
  const lines = made().run("lsmod").stdout.trim().split("\n");
  assertEquals(lines[0], text.find((line) => line.startsWith("Module")));
  assertEquals(lines.find((line) => line.startsWith("psample")), text.find((line) => line.startsWith("psample")));
});

Deno.test("rmmod, insmod, modprobe: netdevsim goes and comes, and what cannot be done is an error", async () => {
  const session = made();
  const line = "rmmod netdevsim; echo rc=$?; lsmod | grep netdevsim; ls /sys/bus/netdevsim 2>&1; " +
    "insmod /lib/modules/netdevsim.ko; echo rc=$?; ls /sys/bus/netdevsim";
  assertEquals(session.run(line).stdout, await printed("11-race.txt", 10));
  const errors: [string, number, string][] = [
    ["insmod /lib/modules/netdevsim.ko", 239, "insmod: can't insert '/lib/modules/netdevsim.ko': File exists\n"],
    ["rmmod psample", 1, "rmmod: can't unload module 'psample': Resource temporarily unavailable\n"],
    ["modprobe -r netdevsim; modprobe netdevsim; modprobe netdevsim", 0, ""],
  ];
  for (const [command, rc, stderr] of errors) {
    const result = session.run(command);
    assertEquals([result.rc, result.stderr], [rc, stderr], command);
  }
});

Deno.test("dmesg: what the kernel logged, with its time; -c empties the log", () => {
  const session = made();
  session.run("echo abc > /sys/bus/netdevsim/new_device");
  const text = 'Format for adding new device is "id port_count num_queues" (uint uint unit).';
  assertEquals(session.run("dmesg -t | tail -n 1").stdout, `${text}\n`);
  assert(/^\[ +\d+\.\d{6}\] Format/.test(session.run("dmesg | tail -n 1").stdout));
  session.run("dmesg -c");
  assertEquals(session.run("dmesg").stdout, "");
});

Deno.test("ethtool: what a machine printed of a port of netdevsim", async () => {
  const session = made();
  const line =
    "N=$(ls /sys/bus/netdevsim/devices/netdevsim10/net|head -1); ethtool -i $N; ethtool $N; ethtool -S $N; " +
    "ethtool -a $N; ethtool -c $N; ethtool -g $N";
  const { rc, stdout, stderr } = session.run(line);
  const text = await printed("07-eswitch-rate.txt", 10);
  const version = /^version: .*$/m;
  assertEquals([rc, stderr], [0, "no stats available\n"]);
  assert(text.replace(version, "").startsWith(stdout.replace(version, "")));
});

Deno.test("devlink: what a machine printed of a new device and of a wrong name", async () => {
  const session = made();
  assertEquals(session.run("devlink -jp port show").stdout.trim(), (await printed("01-create.txt", 8)).trim());
  const { rc, stderr } = session.run("devlink dev show netdevsim/netdevsim99");
  assertEquals([rc, stderr], [1, "kernel answers: No such device\n"]);
});
