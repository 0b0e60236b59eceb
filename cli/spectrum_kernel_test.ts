/** An emulated Spectrum: mlxsw_spectrum of real kernels probes it, is reloaded, and shows what a test does to the switch. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadBoard, parseFacts } from "../boards/mod.ts";
import type { DeviceEvent } from "../fixtures/devices/mod.ts";
import type { Guest } from "../fixtures/qemu/mod.ts";
import { guestShell, kernelTest } from "../fixtures/qemu/testing.ts";
import { bootBoard } from "../runners/boot_board.ts";
import { run } from "./child.ts";

const HANDLE = "pci/0000:01:00.0";

/** Returns what a command of devlink(8) shows of the switch. */
async function shown(guest: Guest, command: string): Promise<Record<string, unknown>[]> {
  const { out } = await guestShell(guest, `devlink -js ${command}`);
  const [[, found] = []] = Object.entries(Object.values(JSON.parse(out))[0] as Record<string, unknown>);
  return found as Record<string, unknown>[];
}

/** Packets that a trap or what a policer counted. */
async function counted(guest: Guest, command: string): Promise<unknown> {
  const [{ stats } = {}] = await shown(guest, command);
  return (stats as { rx: unknown }).rx;
}

/** Reloads the switch, and returns how that ends and if the instance reports that it failed. */
async function reload(guest: Guest): Promise<[code: number, err: string, failed: boolean]> {
  const { code, err } = await guestShell(guest, `devlink dev reload ${HANDLE}`);
  const { out } = await guestShell(guest, "devlink dev show");
  return [code, err.trim(), out.includes("reload_failed true")];
}

/** Waits until the first line of a command has a text. */
async function until(guest: Guest, command: string, text: string): Promise<void> {
  const loop = `for n in $(seq 100); do ${command} | grep -q '${text}' && exit 0; sleep 0.1; done; ${command}; exit 1`;
  const { code, out } = await guestShell(guest, loop);
  assertEquals(code, 0, `${command} has no ${text}: ${out}`);
}

/** Boots a kernel with the switch and looks at it in each way. */
async function look(kernel: string, t: Deno.TestContext): Promise<void> {
  const events: DeviceEvent[] = [];
  await using guest = await bootBoard(await loadBoard(`qemu-spectrum-${kernel}`), {
    onEvent: (event) => events.push(event),
  });
  const [device] = guest.devices;
  const lost = async () => {
    await device!.flush();
    return events.filter(({ event }) => event === "wrong" || event === "defect");
  };

  await t.step("it probes", async () => {
    const { out } = await guestShell(guest, "devlink dev info; devlink port show");
    assertMatch(out, /driver mlxsw_spectrum/);
    assertMatch(out, /fw\.version 13\.2010\.1006/);
    assertMatch(out, /\/2: type eth netdev eth\d flavour physical port 2 splittable true lanes 4/);
    assertEquals((await shown(guest, `trap show`)).length, 77);
    assertEquals(await lost(), []);
  });

  await t.step("it is reloaded", async () => {
    const before = events.length;
    assertEquals(await reload(guest), [0, "", false]);
    await device!.flush();
    const reloaded = events.slice(before).filter(({ event }) => event === "reset" || event === "access");
    assertEquals(reloaded.filter(({ event }) => event === "reset"), [{ event: "reset", kind: "MRSR" }]);
    assert(reloaded.some(({ access }) => access === "HPKT write"));
    assertEquals(await lost(), []);
  });

  await t.step("its traps count the packets that they trap", async () => {
    const of = (trap: string) => counted(guest, `trap show ${HANDLE} trap ${trap}`);
    const inject = (trap: string, count: number) => device!.control({ inject: { trap, port: 2, count } });
    assertEquals(await inject("lldp", 10), { trap: "lldp", port: 2, count: 10, trapped: 10 });
    assertEquals(await of("lldp"), { bytes: 640, packets: 10 });
    assertEquals(await inject("blackhole_route", 5), { trap: "blackhole_route", port: 2, count: 5, trapped: 0 });
    assertEquals((await guestShell(guest, `devlink trap set ${HANDLE} trap blackhole_route action trap`)).code, 0);
    await inject("blackhole_route", 5);
    assertEquals(await of("blackhole_route"), { bytes: 320, packets: 5 });
    await device!.control({ policerDrops: { policer: 1, count: 42 } });
    assertEquals(await counted(guest, `trap policer show ${HANDLE} policer 1`), { dropped: 42 });
  });

  await t.step("its links follow the cable", async () => {
    const [, , { netdev } = {}] = Object.values(await shown(guest, "port show")) as { netdev?: string }[];
    const link = `ip link show ${netdev ?? "eth1"}`;
    await guestShell(guest, `ip link set ${netdev ?? "eth1"} up`);
    await until(guest, link, "LOWER_UP");
    await device!.control({ link: { port: 1, up: false } });
    await until(guest, link, "NO-CARRIER");
  });

  await t.step("a reload without an answer to one access fails; the next one recovers", async () => {
    for (const access of ["SPAD query", "PTYS write"]) {
      await device!.control({ fail: { access, status: "INTERNAL_ERROR" } });
      assertEquals(await reload(guest), [1, "kernel answers: Input/output error", true], access);
      assertEquals(await reload(guest), [0, "", false], access);
    }
  });

  await t.step("its health shows a failure of the firmware", async () => {
    assertEquals(await device!.control({ health: { event: "FW_ASSERT" } }), { event: "FW_ASSERT", reported: true });
    await until(guest, "devlink health show", "state error");
  });

  await t.step("a reset takes back what a test did", async () => {
    await device!.control({ fail: { access: "SPAD query", status: "INTERNAL_ERROR" } });
    await guest.reset();
    assertEquals((await shown(guest, "trap show")).length, 77);
    assertEquals(await lost(), []);
  });
}

for (const kernel of ["6.12", "7.2"] as const) {
  await kernelTest(
    kernel,
    `spectrum: mlxsw of ${kernel} has the switch, reloads it, and shows what happens to it`,
    (t) => look(kernel, t),
  );
}

/** Suites that ask much of the switch in little time: few of their sequences reload it. With the number of sequences that agree. */
const QUICK = {
  show: 11,
  trap: 11,
  trap_settings: 12,
  trap_groups: 10,
  param_settings: 1,
  resource: 2,
  resource_sizes: 8,
  port: 1,
  health_settings: 9,
  refuse: 15,
  mlxsw_port: 6,
};

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

await kernelTest("6.12", "spectrum: boards facts reads the switch; the suites of any driver agree", async () => {
  const { code, stdout, stderr } = await run(["boards", "facts", "qemu-spectrum-6.12", "--json"]);
  assertEquals(code, 0, stderr);
  const facts = parseFacts(stdout, "stdout");
  assertEquals([facts.handle, facts.driver], [HANDLE, "mlxsw_spectrum"]);
  const { traps, groups, policers, ports, reporters, resources } = facts;
  assertEquals(
    [traps, groups, policers, ports, reporters, resources].map(({ length }) => length),
    [77, 25, 124, 3, 1, 8],
  );
  const ran = await run(["run", ...Object.keys(QUICK), "--skip-unsupported", "--board", "qemu-spectrum-6.12"]);
  const said = `${ran.stdout}${ran.stderr}`;
  assertEquals(/over ssh: not judged|^(infra|diverge|crash|model-gap) /m.test(said), false, said);
  const agreeing = Object.keys(QUICK).map((suite) => said.match(RegExp(`^agree +${suite} > `, "gm"))?.length ?? 0);
  // On a busy machine the time of a step may say nothing.
  if (said.includes("the board was starved of CPU time")) {
    assert(sumOf(agreeing) > sumOf(Object.values(QUICK)) / 2, said);
  } else assertEquals([ran.code, ...agreeing], [0, ...Object.values(QUICK)], said);
});
