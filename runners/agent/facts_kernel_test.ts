/**
 * Facts of a real kernel, and the law (bounds of a plan) on it: a guest with two netdevsim devices, described as a lab's board.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadBoard } from "../../boards/mod.ts";
import type { Plan } from "../../diff/trace.ts";
import { guestShell, guestTest, testImage } from "../../fixtures/qemu/testing.ts";
import type { Operation } from "../../model/operation.ts";
import { writeGuestBoard } from "../../run/guest_board.ts";
import { openRunner, RefusedError } from "../mod.ts";

const planOf = (...operations: Operation[]): Plan => ({
  suite: "s",
  sequence: "q",
  source: "x",
  steps: operations.map((op, i) => ({ id: i + 1, phase: "body", op })),
});

guestTest(
  "a board's facts are read from its kernel, and its plans may use only its handle",
  await testImage("6.12"),
  async (guest) => {
    const dir = await Deno.makeTempDir();
    const file = `${dir}/guest.toml`;
    await writeGuestBoard(file, guest);
    const bus = "/sys/bus/netdevsim";
    const open = async () => await openRunner(await loadBoard(file));
    const before = await open();
    assertEquals([before.facts, "facts" in before.header], [undefined, false]);
    await before.close();

    const made = await guestShell(
      guest,
      `echo '10 2' > ${bus}/new_device; echo '11 1' > ${bus}/new_device; sleep 1; ` +
        `ip link set $(ls ${bus}/devices/netdevsim10/net | head -n 1) up`,
    );
    assertEquals(made.code, 0, made.err);
    const runner = await open();
    try {
      const facts = runner.facts!;
      assertEquals([facts.handle, facts.driver, facts.kernel], [
        "netdevsim/netdevsim10",
        "netdevsim",
        runner.header.kernel,
      ]);
      assertEquals(facts.versions, { running: { "fw.mgmt": "10.20.30" }, stored: { "fw.mgmt": "10.20.30" } });
      assertEquals([facts.reloadActions, facts.reloadLimits, facts.reloadFailed], [["driver_reinit"], [], false]);
      assertEquals([facts.traps.length, facts.groups.length, facts.policers.length], [14, 6, 3]);
      assertEquals(facts.traps.find(({ name }) => name === "egress_flow_action_drop")?.metadata, [
        "input_port",
        "flow_action_cookie",
      ]);
      assertEquals(facts.ports.map(({ index, type, up }) => [index, type, up]), [[0, "eth", true], [1, "eth", false]]);
      assertEquals(facts.params.map(({ name, generic }) => [name, generic]), [["max_macs", true], ["test1", false]]);
      assertEquals(facts.resources.map(({ name, size, children }) => [name, size, children.length]), [
        ["IPv4", 2 ** 64, 2],
        ["IPv6", 2 ** 64, 2],
        ["nexthops", 2 ** 64, 0],
      ]);
      assertEquals(facts.reporters.map(({ name }) => name), ["empty", "dummy"]);
      assertEquals(facts.regions, [{ name: "dummy", size: 32768, max: 16 }]);
      assertEquals([facts.eswitch, facts.nested], [{ mode: "legacy" }, []]);
      assertEquals(facts.refused, { "sb show": "ENODEV", "dpipe table show": "EOPNOTSUPP" });
      assertEquals(facts.ports.map(({ params, resources }) => [params, resources]), [[[], undefined], [[], undefined]]);
      assertEquals(runner.header.facts, facts);
      assertEquals(runner.header.contradictions, undefined);

      const other = (await guestShell(guest, `ls ${bus}/devices/netdevsim11/net`)).out.trim();
      const own = facts.ports[0]!.netdev!;
      const refused: [Operation, string][] = [
        [{ kind: "dev.reload", handle: "netdevsim/netdevsim11" }, "names netdevsim/netdevsim11"],
        [{ kind: "netdev.set", dev: other, up: true }, `names netdev ${other}`],
        [
          { kind: "file.write", path: `${bus}/drivers/netdevsim/unbind`, value: "netdevsim11" },
          "names netdevsim/netdevsim11",
        ],
        [{ kind: "file.write", path: `${bus}/del_device`, value: "11" }, "names netdevsim/netdevsim11"],
      ];
      for (const [op, what] of refused) {
        const error = await assertRejects(() => runner.run(planOf({ kind: "dev.show" }, op)), RefusedError);
        assertEquals(
          error.message,
          `Cannot run "s > q" on board "guest": step 2 ${what}, and the board's handle is netdevsim/netdevsim10`,
        );
      }
      const trace = await runner.run(planOf(
        { kind: "dev.show", handle: "netdevsim/netdevsim99" },
        { kind: "dev.show", handle: "pci/0000:ff:1f.7" },
        { kind: "netdev.set", dev: own, up: false },
        { kind: "file.read", path: `/sys/class/net/${own}/flags` },
        { kind: "dev.reload", handle: "netdevsim/netdevsim10" },
      ));
      assertEquals(trace.steps.map(({ observation }) => observation?.result), ["ENODEV", "ENODEV", "ok", "ok", "ok"]);
      assert((await guestShell(guest, `ls ${bus}/devices`)).out.includes("netdevsim11"));
    } finally {
      await runner.close();
      await Deno.remove(dir, { recursive: true });
    }
  },
);
