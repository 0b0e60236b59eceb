/** Facts of a board that is a real sh on a real line. Its devlink(8) and ip(8) print recorded output of real ones. */

import { assertEquals, assertRejects } from "@std/assert";
import { FaultBoard, SHELLS, whyNoBoards } from "../../bench/fault_board.ts";
import type { Facts } from "../../model/facts.ts";
import { TransportError } from "../lines/shell.ts";
import { openSerial } from "../lines/serial.ts";
import { NIC, withNic } from "../../bench/fake_nic.ts";
import { factsScript, readFacts } from "./facts_script.ts";
import { factsOf } from "./facts.ts";
import { AgentSession } from "./session.ts";

const ignore = await whyNoBoards() !== undefined;
const PCI = NIC;

for (const shell of SHELLS) {
  Deno.test(`${shell}: an agent reads the facts of an instance, between plans too`, { ignore }, async () => {
    await using board = await FaultBoard.open({ shell, ...(shell === "busybox" ? { without: ["bash"] } : {}) });
    await withNic(board);
    const { session, hello } = await AgentSession.open(await openSerial({ path: board.path, baudRate: 3_000_000 }));
    try {
      const facts = await session.facts(PCI) as Facts;
      assertEquals([facts.driver, facts.kernel, facts.refused], [
        "mlx5_core",
        hello.kernel,
        { "resource show": "EOPNOTSUPP", ...unreadable(facts) },
      ]);
      assertEquals([facts.ports[0]?.netdev, facts.ports[0]?.up], ["p0", true]);
      const wait = { id: 1, phase: "body" as const, op: { kind: "wait" as const, ms: 1 } };
      const plan = { suite: "s", sequence: "wait", source: "", steps: [wait] };
      // This board has no monitors: the step is lost, but its record arrives.
      assertEquals((await session.run(plan)).steps[0]?.lost?.reason, "overrun");
      assertEquals(await session.facts(PCI), facts);
    } finally {
      await session.close();
    }
  });
}

/** This fake devlink(8) prints an empty object for the other commands. */
const unreadable = ({ refused }: Facts) =>
  Object.fromEntries(Object.entries(refused).filter(([, why]) => why === "unreadable"));

Deno.test("a board without the instance has no facts, and gets no further command", { ignore }, async () => {
  await using board = await FaultBoard.open();
  await withNic(board);
  const { session } = await AgentSession.open(await openSerial({ path: board.path, baudRate: 3_000_000 }));
  try {
    await Deno.remove(`${board.dir}/asked`);
    assertEquals(await session.facts("pci/0000:0a:00.0"), undefined);
    assertEquals(await Deno.readTextFile(`${board.dir}/asked`), "-js dev show\n");
  } finally {
    await session.close();
  }
});

Deno.test("an answer that is over the bound of the line is an error", { ignore }, async () => {
  await using board = await FaultBoard.open({ room: "64m" });
  await withNic(board, `  "-jv trap show") dd if=/dev/zero bs=1M count=9 ;;`);
  const { session } = await AgentSession.open(await openSerial({ path: board.path, baudRate: 3_000_000 }));
  try {
    const error = await assertRejects(() => session.facts(PCI), TransportError);
    assertEquals(error.message.startsWith(`Cannot read what ${PCI} has over `), true, error.message);
  } finally {
    await session.close();
  }
});

const HANGING = `
. ./runners/agent/agent_wire.sh
. ./runners/agent/agent.sh
TL_D=$(mktemp -d) TL_N=n
tl_bounded() {
  shift
  case "$*" in *"param show"*) TL_RC=hang; return 1 ;; esac
  echo '{"dev":{"${PCI}":{}}}' > "$tl_out"
  TL_RC=0
}
tl_send() { cat "$TL_R"; }
${factsScript(PCI)}
rm -rf "$TL_D"
`;

Deno.test("after a command that does not end, the agent runs no other", async () => {
  const { stdout } = await new Deno.Command("dash", {
    args: ["-c", HANGING],
    cwd: new URL("../../", import.meta.url),
  }).output();
  const replies = readFacts(new TextDecoder().decode(stdout), "n")!;
  const of = (status: unknown) => Object.keys(replies).filter((name) => replies[name]!.status === status);
  assertEquals(of(0), ["dev show", "kernel", "driver", "rdma", "port show"]);
  assertEquals(of("hang"), ["dev param show"]);
  assertEquals([of("not run").length, of("not run").at(-1)], [13, "link show"]);
  assertEquals(factsOf(PCI, replies)?.refused["dev param show"], "hang");
});

Deno.test("readFacts() takes no record of another kind, of another agent, or one that is cut", () => {
  const whole = "2 facts 1\n\n--n fact 0|dev show\n{}\n--n err\n\n--n end\n";
  assertEquals(readFacts(whole, "n"), { "dev show": { status: 0, out: "{}", err: "" } });
  for (
    const [body, nonce] of [
      [whole, "m"],
      [whole.replace("facts", "steps"), "n"],
      [whole.replace("--n end\n", ""), "n"],
      [whole.replace("--n err", "--n out"), "n"],
      [whole.replace("fact 0", "fact x"), "n"],
      ["2 facts 1\n\n--n over 9000000\n", "n"],
      ["", "n"],
    ] as const
  ) assertEquals(readFacts(body, nonce), undefined, body);
});
