/** Compares the model of mlxsw with what the driver showed on an emulated Spectrum. */

import { assertEquals } from "@std/assert";
import { type EraId, ERAS } from "../../era/mod.ts";
import { Machine } from "../../machine.ts";
import { type Json, NOT_KNOWN } from "../../observation.ts";
import { contradictionsOf } from "../mod.ts";
import {
  differences,
  factsOf,
  HANDLE,
  machineOf,
  messagesOf,
  operationOf,
  RELOAD,
  reloadOf,
  SEEN_ERAS,
  type SeenEra,
  sessionOf,
  withPorts,
} from "./testing.ts";

/** Performs the commands of a session, and compares all answers. */
function replay(machine: Machine, era: SeenEra, name: string): void {
  for (const [at, { line, result, extack, reply }] of sessionOf(era, name).entries()) {
    const seen = machine.perform(operationOf(line));
    const unknown = seen.unknown?.result ?? seen.unknown?.extack;
    assertEquals(
      [seen.result, seen.extack, unknown],
      [result, extack ?? null, undefined],
      `${era} ${name} ${at}: ${line}`,
    );
    if (reply === undefined) continue;
    const differ = differences(JSON.parse(reply) as Json, seen.reply);
    assertEquals(differ, [], `${era} ${name} ${at}: ${line}`);
  }
}

for (const era of SEEN_ERAS) {
  Deno.test(`mlxsw of ${era}: the board has the objects that the driver registers by its source`, () => {
    assertEquals(contradictionsOf("mlxsw_spectrum", ERAS[era], factsOf(era)), []);
  });

  Deno.test(`mlxsw of ${era}: a reload sends the messages of the real driver in their order`, () => {
    const messages = messagesOf(machineOf(era).perform(RELOAD));
    const seen = reloadOf(era);
    // On 6.12 the recording ended before the reload did
    const [last, ...first] = seen.toReversed();
    assertEquals(messages.slice(0, seen.length - 1), first.toReversed());
    assertEquals(messages[seen.length - 1]!.startsWith(last!), true);
    if (era !== "6.12") assertEquals(messages.length, seen.length);
  });

  for (const name of ["reload", "traps", "params"]) {
    Deno.test(`mlxsw of ${era}: the commands of session ${name} end as on the real driver`, () => {
      replay(machineOf(era), era, name);
    });
  }
}

Deno.test("mlxsw: a split and an unsplit as on the real driver; a reload undoes a split", () => {
  replay(machineOf("7.2"), "7.2", "split");
  replay(machineOf("6.12", withPorts(factsOf("6.12"), 4)), "6.12", "split");
});

Deno.test("mlxsw: the test of the health reporter as on the real driver", () => {
  replay(machineOf("6.12", withPorts(factsOf("6.12"), 4)), "6.12", "health");
});

const at = { kind: "file.write", value: HANDLE.slice("pci/".length) } as const;
const rebind = (machine: Machine, file: "bind" | "unbind", driver = "mlxsw_spectrum") =>
  machine.perform({ ...at, path: `/sys/bus/pci/drivers/${driver}/${file}` });
const shown = (machine: Machine, line: string) => machine.perform(operationOf(line)).reply;

Deno.test("mlxsw: a switch that moves to another netns takes ports and traps along; its netdevs get free names there", () => {
  for (const era of SEEN_ERAS) {
    const machine = machineOf(era);
    machine.perform({ kind: "netns.add", name: "n1" });
    const moved = machine.perform({ ...RELOAD, to: "n1" });
    const all = messagesOf(machineOf(era).perform(RELOAD));
    const appears = all.findIndex((message) => message.startsWith("new trap-policer"));
    // The core announces the objects that the reload does not remove: the instance and its param
    assertEquals(messagesOf(moved), [...all.slice(0, appears), "del param", "del dev"]);
    assertEquals(messagesOf(moved, "n1"), ["new dev", "new param", ...all.slice(appears)]);
    const { port } = machine.perform({ kind: "port.show", netns: "n1" }).reply as { port: Record<string, Json> };
    assertEquals(Object.values(port).map((one) => (one as { netdev?: string }).netdev), [
      undefined,
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((number) => `eth${number}`),
    ]);
    assertEquals(shown(machine, "port show"), { port: {} });
    machine.perform({ kind: "netns.del", name: "n1", until: HANDLE });
    assertEquals(messagesOf(machine.perform(RELOAD)), all);
  }
});

Deno.test("mlxsw: unbind removes all objects, bind creates them with the driver's own sizes and settings", () => {
  for (const era of SEEN_ERAS) {
    const machine = machineOf(era);
    const before = JSON.stringify(shown(machine, `resource show ${HANDLE}`));
    for (const line of ["path kvd/hash_single size 65536", "path kvd/hash_double size 81920"]) {
      machine.perform(operationOf(`resource set ${HANDLE} ${line}`));
    }
    machine.perform(operationOf(`dev param set ${HANDLE} name fw_load_policy value flash cmode driverinit`));
    machine.perform(RELOAD);
    const gone = rebind(machine, "unbind");
    assertEquals([gone.result, messagesOf(gone).slice(-2)], ["ok", ["del param", "del dev"]]);
    assertEquals(["dev show", "port show", "trap show"].map((line) => shown(machine, line)), [
      { dev: {} },
      { port: {} },
      { trap: {} },
    ]);
    const back = rebind(machine, "bind");
    assertEquals([back.result, messagesOf(back).slice(0, 2)], ["ok", ["new dev", "new param"]]);
    assertEquals(JSON.stringify(shown(machine, `resource show ${HANDLE}`)), before);
    const { param } = shown(machine, "dev param show") as { param: Record<string, { values: { value: string }[] }[]> };
    assertEquals(param[HANDLE]![0]!.values[0]!.value, "driver");
    assertEquals(messagesOf(machine.perform(RELOAD)), messagesOf(machineOf(era).perform(RELOAD)));
  }
});

Deno.test("mlxsw: a switch whose reload has failed keeps its params and resources; a reload recovers it (core.c)", () => {
  const failed = factsOf("6.12", { reloadFailed: true, ports: [], traps: [], groups: [], policers: [], reporters: [] });
  const machine = new Machine({ era: "6.12", facts: failed });
  assertEquals([shown(machine, "port show"), shown(machine, "trap show")], [{ port: {} }, { trap: {} }]);
  assertEquals(machine.perform(operationOf(`trap set ${HANDLE} trap lldp action drop`)).result, "EOPNOTSUPP");
  const seen = machine.perform(RELOAD);
  assertEquals([seen.result, machine.inventory().instances[0]!.reloadFailed], ["ok", false]);
  // The facts lack the number of policers and the ports
  assertEquals(seen.unknown?.notify, "the facts lack what a device has whose last reload failed");
  assertEquals(machine.inventory().instances[0]!.traps.length, 77);
  const bound = new Machine({ era: "6.12", facts: failed });
  assertEquals([rebind(bound, "unbind").result, rebind(bound, "bind").result], ["ok", "ok"]);
});

Deno.test("mlxsw: a netdev cannot leave the netns of its switch; the extack of each kernel (seen on 6.1, 6.12, 7.2 and 7.3)", () => {
  const text = "The interface netns is immutable";
  const seen: [EraId, text: string | undefined, within: string][] = [
    ["6.1", undefined, "EINVAL"],
    ["6.12", text, "EINVAL"],
    ["7.2", text, "ok"],
    ["7.3", text, "ok"],
  ];
  for (const [era, said, within] of seen) {
    const machine = new Machine({ era, facts: factsOf("6.12") });
    machine.perform({ kind: "netns.add", name: "n1" });
    for (const reloaded of [false, true]) {
      if (reloaded) machine.perform(RELOAD);
      const moved = (to: string) => machine.perform({ kind: "link.move", handle: HANDLE, port: 1, to });
      const { result, extack } = moved("n1");
      assertEquals([result, extack?.text, moved("init").result], ["EINVAL", said, within], era);
    }
  }
});

Deno.test("mlxsw: it is not known if a poll waits during a reload, since the time of the ASIC is not known", () => {
  const during = { kind: "during", operation: RELOAD, poll: { kind: "port.show" } } as const;
  assertEquals(machineOf("6.12").perform(during).reply, { seen: [9], waited: NOT_KNOWN });
});

Deno.test("mlxsw: refusals of the driver that no session shows (spectrum_trap.c, core.c)", () => {
  const machine = machineOf("7.2");
  const refused = (line: string, on = machine) => {
    const { result, extack } = on.perform(operationOf(line));
    return [result, ...extack ? [`${extack.prefix ?? ""}: ${extack.text}`] : []];
  };
  assertEquals(refused(`trap policer set ${HANDLE} policer 1 burst 100`), [
    "EINVAL",
    "mlxsw_spectrum: Policer burst size is not power of two",
  ]);
  assertEquals(refused(`trap policer set ${HANDLE} policer 1 rate 2000000001`), [
    "EINVAL",
    ": Policer rate higher than limit",
  ]);
  assertEquals(refused(`trap set ${HANDLE} trap igmp_query action mirror`), ["EINVAL"]);
  assertEquals(refused(`dev param set ${HANDLE} name fw_load_policy value disk cmode driverinit`), [
    "EINVAL",
    "mlxsw_core: 'fw_load_policy' must be 'driver' or 'flash'",
  ]);
  assertEquals(refused(`port split ${HANDLE}/1 count 3`), ["EINVAL", ": Invalid split count"]);
  assertEquals(refused(`port split ${HANDLE}/0 count 2`), ["EINVAL", ": Port cannot be split"]);
  assertEquals(refused(`port unsplit ${HANDLE}/1`), ["EINVAL", "mlxsw_spectrum: Port was not split"]);
  assertEquals(refused(`health dump show ${HANDLE} reporter fw_fatal`), ["EOPNOTSUPP"]);
  assertEquals(refused(`port split ${HANDLE}/1 count 2`), ["ok"]);
  assertEquals(refused(`port split ${HANDLE}/1 count 2`), ["EINVAL", ": Port cannot be split further"]);
});

Deno.test("mlxsw: a kernel whose driver nobody read has the generic driver", () => {
  const { unknown } = new Machine({ era: "5.10", facts: factsOf("6.12") }).perform(RELOAD);
  assertEquals(unknown?.result, "only mlxsw_spectrum knows what it does");
});

Deno.test("mlxsw: what only the firmware or the cables decide is not known", () => {
  const other = new Machine({ era: "7.2", facts: factsOf("7.2", { versions: {} }) });
  const why = (line: string, channel: "result" | "reply" | "notify", on = other) =>
    on.perform(operationOf(line)).unknown?.[channel];
  const splits = "only the firmware knows which ports a split creates";
  assertEquals(why(`port split ${HANDLE}/1 count 2`, "result"), splits);
  assertEquals([why("port show", "reply"), why(`dev reload ${HANDLE}`, "notify")], [splits, undefined]);
  assertEquals(why("port show", "reply"), undefined);
  assertEquals(why(`health test ${HANDLE} reporter fw_fatal`, "notify") !== undefined, true);
  assertEquals(why("sb show", "reply"), "this of the shared buffers of mlxsw is not modelled");
  // A counter is known from a reload on, until a port is up
  const machine = new Machine({ era: "7.2", facts: factsOf("7.2", { versions: {} }) });
  const stats = () => JSON.stringify(shown(machine, `trap show ${HANDLE} trap lldp`)).includes("not known");
  const known = [stats()];
  machine.perform(RELOAD);
  known.push(stats());
  machine.perform({ kind: "link.set", handle: HANDLE, port: 1, up: true });
  known.push(stats());
  assertEquals(known, [true, false, true]);
});
