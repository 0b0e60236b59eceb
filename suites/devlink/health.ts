/** Health reporters of any driver: docs/semantics.md 5.6. */

import { assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

export default suite("health", { fixture: theBoard({ ports: 1 }) }, ({ sequence }) => {
  sequence("what a reporter cannot do cannot be set", {
    source: "5.6",
    needs: { reporter: { recovers: false, dumps: true } },
  }, async (dut) => {
    const { name } = dut.health.any({ recovers: false, dumps: true });
    const { name: able } = dut.health.any({ recovers: true });
    assertEquals(dut.health.set(name, { gracePeriod: 10 }).fails().errno, "EOPNOTSUPP");
    assertEquals(dut.health.set(name, { autoRecover: true }).fails().errno, "EOPNOTSUPP");
    assertEquals(dut.health.set(name, { autoRecover: true, autoDump: false }).fails().errno, "EOPNOTSUPP");
    await dut.health.set(name, { autoDump: false });
    await dut.health.set(able, {});
    await dut.health.list();
  });

  sequence("a port has no reporters; where there is no such port, those of the device are meant", {
    source: "net/devlink/health.c, devlink_health_reporter_get_from_attrs()",
    needs: { ports: 1, reporter: { recovers: false } },
  }, async (dut) => {
    const { name } = dut.health.any({ recovers: false });
    const { name: able } = dut.health.any({ recovers: true });
    const [port, absent] = [dut.port(0).index, dut.port.absent()];
    assertEquals(dut.health.get(able, { port }).fails().errno, "EINVAL");
    assertEquals(dut.health.diagnose(able, { port }).fails().errno, "EINVAL");
    assertEquals(dut.health.dump(able, { port }).fails().errno, "EINVAL");
    dut.perform({ kind: "health.show", handle: dut.handle }).either();
    dut.perform({ kind: "health.show", handle: dut.handle, port }).either();
    await dut.health.get(able, { port: absent });
    dut.health.diagnose(name, { port: absent }).either();
    dut.health.dump(name, { port: absent }).either();
    await dut.health.get(name);
  });
});
