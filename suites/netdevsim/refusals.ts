/** Sequences on devlink operations that netdevsim does not have: docs/semantics.md 5.5, O18 to O20. */

import { assertEquals } from "@std/assert";
import { netdevsim } from "../../fixtures/netdevsim.ts";
import type { Operation } from "../../model/operation.ts";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";

const NOBODY = "netdevsim/netdevsim99";

/** Performs all of these operations; the outcome of each depends on the kernel. */
const ask = (dut: Dut, ...operations: Operation[]) => {
  for (const operation of operations) dut.perform(operation).either();
};

export default suite("refusals", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("no self-tests", { source: "O19; 5.5" }, (dut) => {
    const { handle } = dut;
    ask(
      dut,
      { kind: "dev.selftests.show" },
      { kind: "dev.selftests.show", handle },
      { kind: "dev.selftests.show", handle: NOBODY },
      { kind: "dev.selftests.run", handle },
      { kind: "dev.selftests.run", handle, id: "flash" },
      { kind: "dev.selftests.run", handle, id: "nosuch" },
      { kind: "dev.selftests.run", handle: NOBODY },
    );
  });

  sequence("no line cards", { source: "O20; 5.5" }, (dut) => {
    const { handle } = dut;
    ask(
      dut,
      { kind: "linecard.show" },
      { kind: "linecard.show", handle },
      { kind: "linecard.show", handle, lc: 1 },
      { kind: "linecard.show", handle: NOBODY },
      { kind: "linecard.show", handle: NOBODY, lc: 1 },
      { kind: "linecard.set", handle, lc: 1, type: "16x100G" },
      { kind: "linecard.set", handle, lc: 0, type: null },
      { kind: "linecard.set", handle: NOBODY, lc: 1, type: null },
    );
  });

  sequence("no tables of a pipeline", { source: "5.5" }, (dut) => {
    const { handle } = dut;
    ask(
      dut,
      { kind: "dpipe.header.show", handle },
      { kind: "dpipe.table.show", handle },
      { kind: "dpipe.table.show", handle, name: "host4" },
      { kind: "dpipe.table.dump", handle, name: "host4" },
      { kind: "dpipe.table.set", handle, name: "host4", counters: true },
      { kind: "dpipe.table.set", handle, name: "host4", counters: false },
      { kind: "dpipe.header.show", handle: NOBODY },
      { kind: "dpipe.table.show", handle: NOBODY },
      { kind: "dpipe.table.set", handle: NOBODY, name: "host4", counters: true },
    );
  });

  sequence("no shared buffers", { source: "5.5" }, (dut) => {
    const { handle } = dut;
    assertEquals(dut.perform({ kind: "sb.show", handle, sb: 0 }).fails().errno, "ENODEV");
    ask(
      dut,
      { kind: "sb.show" },
      { kind: "sb.show", handle },
      { kind: "sb.show", handle, sb: 1 },
      { kind: "sb.show", handle: NOBODY },
      { kind: "sb.pool.show" },
      { kind: "sb.pool.show", handle },
      { kind: "sb.pool.show", handle, pool: 0 },
      { kind: "sb.pool.show", handle, sb: 1, pool: 0 },
      { kind: "sb.pool.show", handle, sb: 1 },
      { kind: "sb.pool.show", handle: NOBODY, pool: 0 },
      { kind: "sb.pool.set", handle, pool: 0, size: 1000, thtype: "static" },
      { kind: "sb.pool.set", handle, sb: 3, pool: 0, size: 1000, thtype: "dynamic" },
      { kind: "sb.pool.set", handle, pool: 0, size: 1000, thtype: "nosuch" },
      { kind: "sb.occupancy.snapshot", handle },
      { kind: "sb.occupancy.snapshot", handle, sb: 1 },
      { kind: "sb.occupancy.clearmax", handle },
      { kind: "sb.occupancy.clearmax", handle, sb: 1 },
      { kind: "sb.occupancy.clearmax", handle: NOBODY },
      { kind: "sb.occupancy.snapshot", handle: NOBODY },
    );
  });

  sequence("no shared buffers of a port", { source: "5.5" }, (dut) => {
    const { handle } = dut;
    ask(
      dut,
      { kind: "sb.port.pool.show" },
      { kind: "sb.port.pool.show", handle },
      { kind: "sb.port.pool.show", handle, port: 0 },
      { kind: "sb.port.pool.show", handle, port: 9 },
      { kind: "sb.port.pool.show", handle, port: 0, pool: 0 },
      { kind: "sb.port.pool.show", handle, port: 0, sb: 0, pool: 0 },
      { kind: "sb.port.pool.show", handle, port: 0, sb: 0 },
      { kind: "sb.port.pool.show", handle, port: 9, pool: 0 },
      { kind: "sb.port.pool.show", handle, pool: 0 },
      { kind: "sb.tc.bind.show" },
      { kind: "sb.tc.bind.show", handle },
      { kind: "sb.tc.bind.show", handle, port: 0 },
      { kind: "sb.tc.bind.show", handle, port: 9 },
      { kind: "sb.tc.bind.show", handle, port: 0, tc: 0, type: "ingress" },
      { kind: "sb.tc.bind.show", handle, port: 0, sb: 1, tc: 0, type: "egress" },
      { kind: "sb.tc.bind.show", handle, port: 0, tc: 0 },
      { kind: "sb.tc.bind.show", handle, port: 0, type: "ingress" },
      { kind: "sb.tc.bind.show", handle, port: 0, tc: 0, type: "nosuch" },
    );
  });

  sequence("no thresholds of a port's shared buffers", { source: "net/devlink/sb.c; devlink-sb(8)" }, (dut) => {
    const { handle } = dut;
    const bind = { kind: "sb.tc.bind.set", handle, port: 0, tc: 0, type: "ingress", pool: 0, threshold: 1 } as const;
    const pool = { kind: "sb.port.pool.set", handle, port: 0, pool: 0, threshold: 1 } as const;
    ask(
      dut,
      pool,
      { ...pool, sb: 7, pool: 65535, threshold: 4294967295 },
      { ...pool, port: 9 },
      { ...pool, handle: NOBODY },
      bind,
      { ...bind, sb: 7, tc: 8, type: "egress", pool: 65535, threshold: 4294967295 },
      { ...bind, port: 9 },
      { ...bind, handle: NOBODY },
    );
    const refused = [
      { ...pool, pool: 65536 },
      { ...pool, threshold: 4294967296 },
      { ...bind, tc: 65536 },
      { ...bind, type: "nosuch" },
      { ...bind, pool: 65536 },
    ];
    for (const operation of refused) assertEquals(dut.perform(operation).fails().errno, "client");
  });
});
