/**
 * A session over the worst line, which is also the kernel's console, and sessions with a board that dies.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadBoard } from "../../boards/mod.ts";
import { judge } from "../../diff/mod.ts";
import type { Plan } from "../../diff/trace.ts";
import type { Guest } from "../../fixtures/mod.ts";
import { guestShell, guestTest, testImage } from "../../fixtures/qemu/testing.ts";
import { emptyObservation } from "../../model/observation.ts";
import type { Operation } from "../../model/operation.ts";
import { compile } from "../../sdk/compile.ts";
import type { Suite } from "../../sdk/suite.ts";
import { openAgent } from "./agent.ts";
import { openSerial } from "../lines/serial.ts";
import { openSsh } from "../lines/ssh.ts";

/** The number of kernel lines per second. */
const NOISE = 20;

/** How often a sequence may be run until it is judged: a board that gets no CPU time is not judged. */
const TRIES = 5;

const image = await testImage("6.12");

guestTest("serial: 20 kernel lines a second on the same line make no reply wrong, and run nothing twice", image, async (
  guest,
) => {
  const suite: Suite = (await import("../../suites/netdevsim/reload.ts")).default;
  await guestShell(
    guest,
    `echo on > /proc/sys/kernel/printk_devkmsg; (while :; do echo "<4>a driver says: what it always says" > /dev/kmsg; ` +
      `sleep ${1 / NOISE}; done) > /dev/null 2>&1 < /dev/null &`,
  );
  let noise = 0;
  const open = async () => {
    const shell = await openSerial({ path: guest.serial.console });
    return await openAgent(await loadBoard("qemu-6.12"), "serial", shell, { onNoise: () => noise++ }, guest);
  };
  let runner = await open();
  try {
    for (const sequence of suite.sequences.slice(0, 8)) {
      const { plan, expected } = await compile(suite, sequence, "6.12");
      for (let left = TRIES;;) {
        const { verdict, steps } = judge(expected, await runner.run(plan));
        if (verdict === "agree") break;
        const said = steps.map(({ verdict, reason }) => `${verdict} ${reason ?? ""}`).join("\n");
        // The kernel counts reloads: a reload that ran twice would diverge.
        assert(--left > 0 && verdict !== "diverge" && verdict !== "crash", `${sequence.name}: ${verdict}\n${said}`);
        await runner.close();
        runner = await open();
      }
    }
    assert(noise > 0, "no line of noise came");
  } finally {
    await runner.close();
  }
});

/** When a step reads the gate, the process that copies the kernel log stops until the log has wrapped. */
const WRAPS = `
exec 9> /tmp/gate
for dir in /proc/[0-9]*; do
  [ "$(tr '\\0' ' ' < $dir/cmdline)" != "cat /dev/kmsg " ] || copier=\${dir#/proc/}
done 2> /dev/null
kill -STOP $copier
line=$(printf '<31>%0900d' 0)
i=0
while [ $i -lt 2000 ]; do i=$((i + 1)); echo "$line" > /dev/kmsg; done
kill -CONT $copier
echo open >&9
`;

guestTest(
  "a kernel log that wraps before it is read: the step is indeterminate, and the next sequence is judged",
  image,
  async (
    guest,
  ) => {
    assertEquals((await guestShell(guest, "mkfifo /tmp/gate")).code, 0);
    const planOf = (...ops: Operation[]): Plan => ({
      suite: "session",
      sequence: "wraps",
      source: "",
      steps: ops.map((op, i) => ({ id: i + 1, phase: "body", op })),
    });
    const read: Operation = { kind: "file.read", path: "/tmp/gate" };
    const wait: Operation = { kind: "wait", ms: 1 };
    const runner = await openAgent(await loadBoard("qemu-6.12"), "ssh", await openSsh(guest.ssh), {}, guest);
    const judged = async (plan: Plan) => {
      const steps = plan.steps.map((step) => ({
        ...step,
        observation: { ...emptyObservation(), ...(step.op.kind === "file.read" ? { sysfs: "open" } : {}) },
      }));
      const { steps: verdicts } = judge({ ...plan, steps }, await runner.run(plan));
      return verdicts.map(({ verdict, reason }) => `${verdict} ${reason ?? ""}`.trim());
    };
    try {
      assertEquals(await judged(planOf(wait)), ["agree"]);
      const [said, { code }] = await Promise.all([judged(planOf(read, wait)), guestShell(guest, WRAPS)]);
      assertEquals(code, 0);
      assertEquals(said.map((words) => words.split(" ")[0]), ["indeterminate", "indeterminate"], said.join("\n"));
      assertMatch(said[0]!, /the kernel log/);
      assertEquals(await judged(planOf(wait)), ["agree"]);
    } finally {
      await runner.close();
    }
  },
);

/** Five quick steps; the kernel dies in the third step. */
const steps: Operation[] = [
  { kind: "file.write", path: "/proc/sys/kernel/domainname", value: "one" },
  { kind: "file.write", path: "/proc/sys/kernel/domainname", value: "two" },
  { kind: "file.write", path: "/proc/sysrq-trigger", value: "c" },
  { kind: "file.write", path: "/proc/sys/kernel/domainname", value: "four" },
  { kind: "file.write", path: "/proc/sys/kernel/domainname", value: "five" },
];
const fatal: Plan = {
  suite: "session",
  sequence: "panic",
  source: "",
  steps: steps.map((op, i) => ({ id: i + 1, phase: "body", op })),
};

const lines: Record<string, (guest: Guest) => ReturnType<typeof openSsh>> = {
  ssh: (guest) => openSsh(guest.ssh),
  serial: ({ serial, login }) =>
    openSerial({
      path: serial.protocol,
      login: { user: login.user, password: () => Promise.resolve(login.password) },
    }),
};

for (const [transport, open] of Object.entries(lines)) {
  guestTest(
    `${transport}: a board that dies is reported to have died in the step that was running`,
    image,
    async (guest) => {
      const runner = await openAgent(await loadBoard("qemu-6.12"), transport, await open(guest), {}, guest);
      try {
        const trace = await runner.run(fatal);
        const expected = { ...fatal, steps: fatal.steps.map((step) => ({ ...step, observation: emptyObservation() })) };
        const { verdict, steps } = judge(expected, trace);
        const said = steps.map(({ verdict, reason }) => `${verdict} ${reason}`);
        // A step with a record of its own is known: that is each step that took a second on a slow board.
        const known = trace.steps.filter(({ observation }) => observation).length;
        // Over a network the last bytes of a dying board are lost: so the crash may be in the step before.
        const at = transport === "ssh" && steps[1]!.verdict === "crash" ? 1 : 2;
        const verdicts = steps.map((_, i) => i === at ? "crash" : i < known ? "agree" : "indeterminate");
        assertEquals(steps.map(({ verdict }) => verdict), verdicts, said.join("\n"));
        assertEquals(verdict, "crash");
        assertMatch(said[at - 1]!, known === at ? /^agree/ : /before it reported the step/);
        assertMatch(said[at]!, /the board's kernel broke: .*sysrq/);
      } finally {
        await runner.close();
      }
    },
  );
}
