/** Power control by a board's own commands. Here they are a script that stores the power state, and its arguments, in files. */

import { assertEquals, assertRejects } from "@std/assert";
import { type Board, loadBoard } from "../boards/mod.ts";
import { cyclePower, hasPower, runPower } from "./power.ts";
import { TransportError } from "./lines/shell.ts";

const PDU = `#!/bin/sh
cd "\${0%/*}"
printf '<%s>' "$@" >> log
printf '\\n' >> log
case $1 in
  query) [ -e on ] && echo "outlet 4 is on" || echo "outlet 4 is OFF" ;;
  on) : > on ;;
  off) rm -f on ;;
  stuck) ;;
  cycle) [ -e on ] || { echo "cannot cycle what is off" >&2; exit 3; } ;;
esac
`;

/** Runs a test with a board whose power control has these commands; returns the requests to the control. */
async function withPower(
  commands: (pdu: string) => NonNullable<Board["power"]>,
  state: "on" | "off",
  work: (board: Board) => Promise<void>,
): Promise<string[]> {
  const dir = await Deno.makeTempDir({ prefix: "twinlink-power-" });
  try {
    await Deno.writeTextFile(`${dir}/pdu`, PDU, { mode: 0o755 });
    await Deno.writeTextFile(`${dir}/log`, "");
    if (state === "on") await Deno.writeTextFile(`${dir}/on`, "");
    await work({ ...await loadBoard("model"), name: "b", power: commands(`${dir}/pdu`) });
    return (await Deno.readTextFile(`${dir}/log`)).trim().split("\n");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a board's power is cycled, or turned off and on, or only on if it is off", async () => {
  const cycled = async (board: Board) => assertEquals(await cyclePower(board), true);
  const all = (pdu: string) => ({ on: [pdu, "on"], off: [pdu, "off"], cycle: [pdu, "cycle"], query: [pdu, "query"] });
  assertEquals(await withPower(all, "on", cycled), ["<query>", "<cycle>", "<query>"]);
  assertEquals(await withPower(all, "off", cycled), ["<query>", "<on>", "<query>"]);
  const two = (pdu: string) => ({ on: [pdu, "on"], off: [pdu, "off"] });
  assertEquals(await withPower(two, "on", cycled), ["<off>", "<on>"]);
  const none = async (board: Board) => assertEquals(await cyclePower(board), false);
  assertEquals(await withPower((pdu) => ({ query: [pdu, "query"] }), "on", none), [""]);
});

Deno.test("no shell sees the arguments of a power command", async () => {
  const words = ["on", "a b", "$(id)", "; rm -rf x", "'\"*"];
  const log = await withPower((pdu) => ({ on: [pdu, ...words] }), "off", async (board) => {
    await runPower(board, "on");
  });
  assertEquals(log, [words.map((word) => `<${word}>`).join("")]);
});

Deno.test("a power control that fails, lies or is missing is reported in one line", async () => {
  const refused = async (commands: (pdu: string) => NonNullable<Board["power"]>, state: "on" | "off") => {
    let message = "";
    await withPower(commands, state, async (board) => {
      message = (await assertRejects(() => cyclePower(board), TransportError)).message;
    });
    return message;
  };
  assertEquals(
    await refused((pdu) => ({ cycle: [pdu, "cycle"] }), "off"),
    'Cannot control board "b": its power cycle ended with status 3: cannot cycle what is off',
  );
  assertEquals(
    await refused((pdu) => ({ on: [pdu, "on"], off: [pdu, "stuck"], query: [pdu, "query"] }), "on"),
    'Cannot control board "b": after its power off, query reports on',
  );
  const missing = await refused(() => ({ cycle: ["/no/such/pdu"] }), "on");
  assertEquals(missing.startsWith('Cannot control board "b": its power cycle cannot be run: '), true, missing);
});

Deno.test("the power state of a board is known if its query reports it", async () => {
  const says = async (state: "on" | "off", words: string[] | undefined) => {
    let found;
    await withPower((pdu) => (words ? { query: [pdu, ...words] } : {}), state, async (board) => {
      found = await hasPower(board);
    });
    return found;
  };
  assertEquals(await says("on", ["query"]), "on");
  assertEquals(await says("off", ["query"]), "off");
  assertEquals(await says("on", ["stuck"]), undefined);
  assertEquals(await says("off", ["cycle"]), undefined);
  assertEquals(await says("on", undefined), undefined);
});
