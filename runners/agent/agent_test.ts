import { assertEquals } from "@std/assert";
import { MAILBOX } from "../../fixtures/devices/mailbox.ts";
const SHELLS = [["dash"], ["bash"], ["busybox", "ash"]].filter(([program]) =>
  new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync().success
);

// The agent reads a line of the kernel log in two parts: the second part comes after the agent has looked.
const HALVES = `
. ./agent.sh
TL_D=$(mktemp -d) TL_N=n TL_MARK=4 TL_MOST=8000000
file=$TL_D/kmsg
printf '6,1,1,-;fm0: Link is Up\\n7,2,2,-;twin' > "$file"
exec 7< "$file"
(sleep 0.05; printf 'link n 4\\n' >> "$file") &
tl_kmsg
echo "status $?"
wait
rm -rf "$TL_D"
`;

Deno.test("the agent joins a line of the kernel log that it reads in two pieces", async () => {
  const { stdout } = await new Deno.Command("dash", {
    args: ["-c", HALVES],
    cwd: new URL(".", import.meta.url),
    stderr: "null",
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "6,1,1,-;fm0: Link is Up\n@4\nstatus 0\n");
});

// Lines of one step, then lines of another step; the kernel dropped some before they were read.
const OVERRUN = `
. ./agent.sh
. ./agent_steps.sh
TL_D=$(mktemp -d) TL_N=n TL_MOST=8000000
: > "$TL_D/m"
tl_stream k
printf '6,7,1,-;one\\n SUBSYSTEM=x\\n6,8,1,-;two\\n15,9,2,-;twinlink n 1\\n%s,3,-;four\\n15,11,4,-;twinlink n 2\\n' "$1" > "$TL_D/kmsg"
exec 7< "$TL_D/kmsg"
for TL_MARK in 1 2; do
  tl_log
  echo "$TL_MARK:" $(cat "$TL_D/m")
  tl_lost=$(cat "$TL_D/k" | grep -c 'give the mark back')
done
echo "marks lost: $tl_lost"
rm -rf "$TL_D"
`;

Deno.test("the agent reports a kernel log that skips records, also between two steps, and no other log", async () => {
  const tells = async (record: string) => {
    const { stdout } = await new Deno.Command("dash", {
      args: ["-c", OVERRUN, "sh", record],
      cwd: new URL(".", import.meta.url),
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout).trim().split("\n");
  };
  assertEquals(await tells("6,10"), [":", ":", "marks lost: 0"]);
  const overrun = await tells("6,910");
  assertEquals(overrun[1], ": --n lost the kernel log was overrun: record 910 follows record 9");
});

// Here the configuration space is a file, and the agent writes one of its registers.
const STEPS = `
. ./agent.sh
. ./agent_steps.sh
TL_D=$(mktemp -d)
config=$TL_D/config
tl_start_ticker 1
TL_PHASE=body TL_HUNG=
tl_begin 1 00000000
[ -e "$config" ] && echo "told without a device"
head -c 4096 /dev/zero > "$config"
TL_DEVICE=$config
for id in 7 12 1234; do
  tl_begin $id 0000000a
  tr -d '\\000' < "$config"
  echo " at $(dd if="$config" bs=1 skip="$1" count=4 2> /dev/null)"
done
TL_HUNG=1
tl_begin 13 0000000b
tr -d '\\000' < "$config"
kill $TL_TICKER
rm -rf "$TL_D"
`;

for (const [program, ...args] of SHELLS) {
  Deno.test(`${program}: the agent writes the number of each step into the register of an emulated device`, async () => {
    const { stdout } = await new Deno.Command(program!, {
      args: [...args, "-c", STEPS, "sh", String(MAILBOX.STEP)],
      cwd: new URL(".", import.meta.url),
      stderr: "null",
    }).output();
    const told = (id: number, register: string) => ["", `@${id} 0000000a`, `${register} at ${register}`];
    assertEquals(new TextDecoder().decode(stdout).split("\n"), [
      "",
      "@1 00000000",
      ...told(7, "0007"),
      ...told(12, "0012"),
      ...told(1234, "1234"),
      // A step that is skipped does not begin.
      "1234",
    ]);
  });
}

// Processes end while the agent reads their state. With bash 5.2, reading the file of such a process spoiled the next `read` of
// any file.
const ENDING = `
. ./agent.sh
. ./agent_steps.sh
read -r boot < /proc/sys/kernel/random/boot_id
spoiled=0
for i in $(seq 500); do
  true &
  while tl_lives $! && [ $i -gt 250 ] || tl_asleep $!; do :; done
  read -r again < /proc/sys/kernel/random/boot_id
  [ "$again" = "$boot" ] || spoiled=$((spoiled + 1))
  wait $!
done
echo "$spoiled spoiled"
`;

for (const [program, ...args] of SHELLS) {
  Deno.test(`${program}: the agent reads the file that it opens, after a process ended during a read`, async () => {
    const { stdout } = await new Deno.Command(program!, {
      args: [...args, ...(program === "bash" ? ["--posix"] : []), "-c", ENDING],
      cwd: new URL(".", import.meta.url),
    }).output();
    assertEquals(new TextDecoder().decode(stdout), "0 spoiled\n");
  });
}
