/** The command on an emulated ConnectX: the stock mlx5_core of real kernels, and the leftovers if it is killed. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadBoard, parseFacts } from "../boards/mod.ts";
import { type DeviceEvent, eventLines, eventsByStep, readTrace, type StepTrace } from "../diff/mod.ts";
import { guestShell, kernelTest } from "../fixtures/qemu/testing.ts";
import { bootBoard } from "../runners/boot_board.ts";
import { descendants, run, start } from "./child.ts";

const HANDLE = "pci/0000:01:00.0";

/** Commands that the driver issues exactly once when it loads. */
const LOAD = ["ENABLE_HCA", "QUERY_ISSI", "SET_ISSI", "SET_HCA_CAP", "INIT_HCA"];
/** Commands with which the driver gives the card back. */
const UNLOAD = ["TEARDOWN_HCA", "DISABLE_HCA"];

/** Checks the card's commands in the trace of a sequence: in the failed reload, in the next reload, and in steps that only show. */
function loads(sequence: string, steps: readonly StepTrace[], seen: Map<number, DeviceEvent[]>): void {
  const [failed, recovered] = steps.filter(({ op }) => op.kind === "dev.reload").map(({ id }) => seen.get(id) ?? []);
  const named = (events: readonly DeviceEvent[] = [], names: readonly string[]) =>
    events.filter(({ event, command }) => event === "command" && names.includes(String(command)))
      .map(({ command, status }) => status === "OK" ? command : `${command} ${status}`);
  const [, status] = /ends with (\w+)/.exec(sequence)!;
  assertEquals(named(failed, [...LOAD, ...UNLOAD]), [
    ...UNLOAD,
    ...LOAD.slice(0, -1),
    `INIT_HCA ${status}`,
    "DISABLE_HCA",
  ], sequence);
  const marked = eventLines(failed!).filter((line) => line.endsWith("as the test asked"));
  assertEquals(marked, [`INIT_HCA ${status}, as the test asked`]);
  assertEquals(named(recovered, LOAD), LOAD);
  for (const { id, op } of steps) if (op.kind === "dev.show") assertEquals(named(seen.get(id), LOAD), []);
}

/** Returns the command line of a process; empty if it has ended. */
const commandOf = (pid: number) => Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");

for (const kernel of ["5.10", "6.12"] as const) {
  await kernelTest(
    kernel,
    `connectx: mlx5_core of ${kernel} has the card, reloads it and has it after a reset`,
    async () => {
      await using guest = await bootBoard(await loadBoard(`qemu-connectx-${kernel}`));
      const shown = async () => (await guestShell(guest, "devlink -j dev show")).out;
      assert(HANDLE in JSON.parse(await shown()).dev);
      const { code, err } = await guestShell(guest, `devlink dev reload ${HANDLE}`);
      assertEquals([code, err], [0, ""]);
      const { out } = await guestShell(
        guest,
        `devlink dev info ${HANDLE}; ls /sys/class/infiniband /sys/bus/pci/drivers/mlx5_core`,
      );
      assertMatch(out, /fw\.version 16\.35\.2024/);
      assert(out.includes("0000:01:00.0"), out);
      // mlx5_ib must not be loaded: it would change how long a reload waits.
      assertEquals((await guestShell(guest, "grep -c mlx5_ib /proc/modules; modprobe -n mlx5_ib")).code, 1);
      // A reboot clears the faults of a test: else the driver's next probe would fail
      await guest.devices[0]!.control({ fail: { command: "INIT_HCA", status: "INT_ERR" } });
      await guest.reset();
      assert(HANDLE in JSON.parse(await shown()).dev);
    },
  );
}

await kernelTest("6.12", "connectx: with mlx5_ib there is an RDMA device", async () => {
  await using guest = await bootBoard(await loadBoard("qemu-connectx-6.12-rdma"));
  assertEquals((await guestShell(guest, "ls /sys/class/infiniband")).out.trim(), "mlx5_0");
  assertEquals(
    (await guestShell(guest, `devlink dev reload ${HANDLE} && ls /sys/class/infiniband`)).out.trim(),
    "mlx5_0",
  );
});

await kernelTest("6.12", "connectx: boards facts reads the card; what the core refuses agrees", async () => {
  const { code, stdout, stderr } = await run(["boards", "facts", "qemu-connectx-6.12", "--json"]);
  assertEquals(code, 0, stderr);
  const facts = parseFacts(stdout, "stdout");
  assertEquals([facts.handle, facts.driver, facts.nested], [HANDLE, "mlx5_core", ["auxiliary/mlx5_core.eth.0"]]);
  assertEquals(facts.versions.running?.["fw.version"], "16.35.2024");
  const ran = await run(["run", "refuse", "--board", "qemu-connectx-6.12"]);
  assertMatch(ran.stdout, /^agree /m);
  assertEquals(
    /over ssh: not judged|^(infra|diverge|crash)/m.test(`${ran.stdout}${ran.stderr}`),
    false,
    `${ran.stdout}${ran.stderr}`,
  );
});

await kernelTest(
  "6.12",
  "connectx: a reload in which the card refuses a command agrees, and so does the recovery; the trace has their commands",
  async () => {
    const out = await Deno.makeTempDir();
    try {
      const suites = ["mlx5_failures", "mlx5_commands", "mlx5_card", "mlx5_health"];
      const ran = await run(["run", ...suites, "--board", "qemu-connectx-6.12", "--out", out]);
      const said = `${ran.stdout}${ran.stderr}`;
      // On a busy machine the time of a step may prove nothing.
      const agreeing = ran.stdout.match(/^agree /gm)?.length ?? 0;
      const starved = said.match(/the board was starved of CPU time/g)?.length ?? 0;
      assertEquals(/^(diverge|crash|infra|model-gap) /m.test(said), false, said);
      if (starved === 0) assertEquals([ran.code, agreeing], [0, 58], said);
      else assert(agreeing > 58 / 2, said);
      // The card knows every access of the stock driver.
      assertEquals(said.includes("wrong access"), false, said);
      const { sequences } = await readTrace(`${out}/trace-qemu-connectx-6.12-ssh.jsonl`);
      assertEquals(
        sequences.map(({ device }) => [device!.events > 0, device!.wrong]),
        Array(58).fill([true, undefined]),
      );
      const ending = sequences.filter(({ suite, sequence }) =>
        suite === "mlx5_failures" && sequence.startsWith("INIT_HCA ends")
      );
      assertEquals(ending.length, 6);
      for (const { sequence, steps, device } of ending) loads(sequence, steps, eventsByStep(device!));
    } finally {
      await Deno.remove(out, { recursive: true });
    }
  },
);

await kernelTest(
  "6.12",
  "connectx: a reload and an unbind at the same time have an outcome that the model allows",
  async () => {
    const { code, stdout, stderr } = await run([
      ...["race", "reload", "unbind", "--board", "qemu-connectx-6.12", "--runs", "5", "--json"],
    ]);
    assertEquals(code, 0, `${stdout}${stderr}`);
    const { verdict, runs, exhausted, outside } = JSON.parse(stdout);
    assertEquals([verdict, runs, exhausted, outside], ["agree", 5, true, []]);
  },
);

/** Starts a run, and returns it with the ids of its QEMU and its device once sequences run. */
async function started(): Promise<{ child: Deno.ChildProcess; qemu: number; device: number; stderr: Promise<string> }> {
  const child = start(["run", "reload", "--board", "qemu-connectx-6.12"]);
  let seen = "";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stderr = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      seen += text;
      if (seen.includes("sequences to run")) resolve();
    }
    reject(new Error(`it ended by itself: ${seen}`));
    return seen;
  })();
  await promise;
  const below = descendants(child.pid);
  const lines = await Promise.all(below.map(commandOf));
  const find = (word: string) => below[lines.findIndex((line) => line.includes(word))] ?? 0;
  return { child, qemu: find("qemu-system"), device: find("devices/serve.ts"), stderr };
}

await kernelTest("6.12", "connectx: kill -9 of a run leaves no QEMU and no device", async () => {
  const { child, qemu, device, stderr } = await started();
  assert(qemu > 0 && device > 0);
  child.kill("SIGKILL");
  await child.status;
  await Promise.all([child.stdout.cancel(), stderr]);
  const left = async () => (await Promise.all([qemu, device].map(commandOf))).filter((line) => line !== "");
  for (let tries = 250; tries > 0 && (await left()).length > 0; tries--) {
    await new Promise((end) => setTimeout(end, 20));
  }
  assertEquals(await left(), []);
});

await kernelTest("6.12", "connectx: a device that ends during a run is no difference of the driver", async () => {
  const { child, device, stderr } = await started();
  const stdout = new Response(child.stdout).text();
  Deno.kill(device, "SIGKILL");
  assertEquals((await child.status).code, 3, await stdout);
  assertMatch(await stderr, /not judged: .*the process of its device has ended/);
  assertEquals(/^(diverge|crash|agree)/m.test(await stdout), false, await stdout);
});
