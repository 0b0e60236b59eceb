/** Operations on the emulated device: from the SDK through the agent to the device, and reverted by the tear-down. */

import { assertEquals, assertThrows } from "@std/assert";
import { connectx, ConnectxDevice } from "../fixtures/devices/connectx/mod.ts";
import type { EmulatedDevice } from "../fixtures/devices/pci.ts";
import { mgbe, MgbeDevice } from "../fixtures/devices/mgbe/mod.ts";
import { spectrum, SpectrumDevice } from "../fixtures/devices/spectrum/mod.ts";
import { emptyObservation, type Facts } from "../model/mod.ts";
import seen from "../model/drivers/mlx5/testdata/6.12.json" with { type: "json" };
import { CLEAR, type Operation } from "../model/operation.ts";
import { commandOf } from "../runners/agent/commands.ts";
import { planScript } from "../runners/agent/plan_script.ts";
import { compile } from "./compile.ts";
import { Dut } from "./dut.ts";
import type { DeviceDut } from "./dut_device.ts";
import { type SequenceBody, suite } from "./suite.ts";
import { theBoard } from "./the_board.ts";

const HANDLE = "pci/0000:01:00.0";

/** Calls of methods, each with the device's answer. */
type Calls = { readonly [Method in keyof DeviceDut]?: readonly [(device: DeviceDut) => unknown, reply: unknown][] };

const CARD_CALLS: Calls = {
  link: [
    [(device) => device.link(0, false), { port: 0, up: false, changed: true }],
    [(device) => device.link(0, true, { settle: 0 }), { port: 0, up: true, changed: true }],
  ],
  fail: [
    [(device) => device.fail({ command: "INIT_HCA", status: "INT_ERR" }), {
      command: "INIT_HCA",
      nth: 1,
      times: 1,
      status: "INT_ERR",
      syndrome: 0x123456,
    }],
    [
      (device) =>
        device.fail({ command: "ACCESS_REG", register: "PTYS", nth: 2, times: 3, status: 0x42, syndrome: 0xffff_ffff }),
      { command: "ACCESS_REG", register: "PTYS", nth: 2, times: 3, status: 0x42, syndrome: 0xffff_ffff },
    ],
  ],
  withhold: [[(device) => device.withhold({ command: "TEARDOWN_HCA", nth: 9 }), {
    command: "TEARDOWN_HCA",
    nth: 9,
    times: 1,
  }]],
  health: [[(device) => device.health({ syndrome: 8, nic: 1, beat: false }, { settle: 0 }), {
    syndrome: 8,
    nic: 1,
    beat: false,
  }]],
  counters: [[(device) => device.counters({ vport: { "received_eth_unicast.packets": 7 } }), {
    vport: { "received_eth_unicast.packets": 7 },
  }]],
  operate: [[(device) => device.operate({ counters: { queue: { out_of_buffer: 1 } } }), {
    queue: { out_of_buffer: 1 },
  }]],
  clear: [[(device) => device.clear(), {
    faults: [
      { command: "INIT_HCA", nth: 1, times: 1, status: "INT_ERR", syndrome: 0x123456 },
      { command: "ACCESS_REG", register: "PTYS", nth: 2, times: 3, status: 0x42, syndrome: 0xffff_ffff },
      { command: "TEARDOWN_HCA", nth: 9, times: 1 },
    ],
  }]],
};

const SWITCH_CALLS: Calls = {
  link: [
    [(device) => device.link(1, false), { port: 1, up: false, changed: true }],
    [(device) => device.link(2, true, { settle: 0 }), { port: 2, up: false, changed: false }],
  ],
  fail: [
    [(device) => device.fail({ access: "HPKT write", nth: 2, status: "BAD_PARAMETER" }), {
      access: "HPKT write",
      nth: 2,
      times: 1,
      status: "BAD_PARAMETER",
    }],
    [(device) => device.fail({ command: "MAP_FA", status: 1 }), {
      command: "MAP_FA",
      nth: 1,
      times: 1,
      status: "INTERNAL_ERR",
    }],
  ],
  withhold: [[(device) => device.withhold({ access: "SPAD query" }), { access: "SPAD query", nth: 1, times: 1 }]],
  inject: [
    [(device) => device.inject({ trap: "lldp", port: 1, count: 3 }), { trap: "lldp", port: 1, count: 3, trapped: 0 }],
    [(device) => device.inject({ trap: "stp", port: 2 }, { settle: 9 }), {
      trap: "stp",
      port: 2,
      count: 1,
      trapped: 0,
    }],
  ],
  policerDrops: [[(device) => device.policerDrops(3, 42), { policer: 3, count: 42 }]],
  health: [[(device) => device.health({ event: "FW_ASSERT" }), { event: "FW_ASSERT", reported: false }]],
  operate: [[(device) => device.operate({ link: { port: 1, up: true } }), { port: 1, up: false, changed: true }]],
  clear: [[(device) => device.clear(), {
    faults: [
      { access: "HPKT write", nth: 2, times: 1, status: "BAD_PARAMETER" },
      { command: "MAP_FA", nth: 1, times: 1, status: "INTERNAL_ERR" },
      { access: "SPAD query", nth: 1, times: 1 },
    ],
  }]],
};

const MAC_CALLS: Calls = {
  link: [
    [(device) => device.link(0, false, { settle: 3000 }), { port: 0, up: false, changed: true }],
    [(device) => device.link(0, true), { port: 0, up: true, changed: true }],
  ],
  withhold: [[(device) => device.withhold({ access: "phy 1 read", nth: 2 }), {
    access: "phy 1 read",
    nth: 2,
    times: 1,
  }]],
  operate: [[(device) => device.operate({ inject: { count: 3 } }), { port: 0, count: 3, received: 0 }]],
  clear: [[(device) => device.clear(), { faults: [{ access: "phy 1 read", nth: 2, times: 1 }] }]],
};

/** Each device, the calls that it accepts, and a call that it refuses. */
const DEVICES: readonly [EmulatedDevice, Calls, refused: unknown][] = [
  [new ConnectxDevice(connectx.options({}), () => {}), CARD_CALLS, { link: { port: 1, up: true } }],
  [new SpectrumDevice(spectrum.options({}), () => {}), SWITCH_CALLS, { link: { port: 0, up: true } }],
  [new MgbeDevice(mgbe.options({}), () => {}), MAC_CALLS, { link: { port: 1, up: true } }],
];

Deno.test("each method of dut.device makes an operation that an emulated device accepts from the agent", () => {
  const made: Operation[] = [];
  const { device } = new Dut(HANDLE, (op) => {
    made.push(op);
    return emptyObservation();
  });
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(device)).filter((name) => name !== "constructor");
  assertEquals(methods.sort(), [...new Set(DEVICES.flatMap(([, calls]) => Object.keys(calls)))].sort());
  for (const [emulated, methods, refused] of DEVICES) {
    for (const [method, calls] of Object.entries(methods)) {
      for (const [call, reply] of calls) {
        call(device);
        const [word, handle, text] = commandOf(made.pop()!);
        assertEquals([word, handle], ["tl_device", HANDLE], method);
        assertEquals(emulated.control(JSON.parse(text!)), reply, method);
      }
    }
    assertThrows(() => emulated.control(refused), TypeError);
  }
});

const facts = { ...seen.facts, handle: HANDLE } as unknown as Facts;

const compiled = (body: SequenceBody) => {
  const made = suite("s", { fixture: theBoard() }, ({ sequence }) => sequence("q", { source: "test" }, body));
  return compile(made, made.sequences[0]!, "6.12", { board: { driver: facts.driver, facts } });
};

Deno.test("the tear-down of a sequence that operated the device clears the device first", async () => {
  const clears = async (body: SequenceBody) => {
    const { plan } = await compiled(body);
    return plan.steps.filter(({ phase }) => phase === "teardown").map(({ op }) =>
      op.kind === "device" ? op.operation : op.kind
    );
  };
  const fault = { command: "INIT_HCA", status: "INT_ERR" } as const;
  assertEquals(await clears(async (dut) => void await dut.dev.show()), []);
  assertEquals(await clears(async (dut) => await dut.device.fail(fault)), [CLEAR]);
  // The device is cleared even after the fault was hit: the fault may hit more requests
  assertEquals(
    await clears(async (dut) => {
      await dut.device.fail(fault);
      dut.reload().fails();
    }),
    [CLEAR, "dev.reload"],
  );
  // The model has no answer for the step, so the body ends after it; the board performs the step
  assertEquals(await clears(async (dut) => await dut.device.withhold({ command: "QUERY_PAGES" })), [CLEAR]);
});

Deno.test("a fault that an interrupted run left is cleared before the first step of the next run", async () => {
  const { plan } = await compiled(async (dut) => await dut.device.fail({ command: "INIT_HCA", status: "INT_ERR" }));
  const lines = planScript(plan, "a1").split("\n");
  const clear = lines.findIndex((line) => /^tl_bounded \d+ tl_device pci\/0000:01:00.0 '\{"clear":true\}'$/.test(line));
  assertEquals(clear > 0 && clear < lines.indexOf("tl_forget"), true, lines.join("\n"));
});
