/**
 * Sequences that break the kernel, every one: netdevsim and devlink keep pointers to what is gone. They were predicted from
 * the source (docs/semantics.md L14, L15, N14), and kernels from 5.10 to 7.3 do it. Run only where the suite is named.
 */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import { suite } from "../../sdk/suite.ts";

export default suite("stale", { fixture: netdevsim({ create: false, netns: ["t1"] }) }, ({ sequence }) => {
  sequence(
    "a device is bound into its maker's netns, which is gone",
    { source: "L14 (a prediction, confirmed from 5.10 to 7.3)" },
    async (dut) => {
      await netdevsimOf(dut.in("t1")).newDevice("10 1");
      await dut.netns.del("t1", { until: dut.handle });
      await dut.port.list();
      await netdevsimOf(dut).unbind();
      assertEquals(netdevsimOf(dut).bind().fails().errno, "killed");
    },
  );

  sequence(
    "a port is made on a device without a driver",
    { source: "L15; 5.1 (a prediction, confirmed from 5.10 to 7.3)" },
    async (dut) => {
      await netdevsimOf(dut).newDevice("10 1");
      await netdevsimOf(dut).unbind();
      assertEquals(netdevsimOf(dut).newPort("5").fails().errno, "killed");
    },
  );

  sequence("an instance that may not be reloaded is lost with its netns", {
    source: "N14; 3.6 (a prediction, confirmed from 5.10 to 7.3)",
  }, async (dut) => {
    await netdevsimOf(dut).newDevice("10 1");
    await dut.reload({ to: "t1" });
    await netdevsimOf(dut).debugfs.write("dont_allow_reload", "Y");
    await dut.netns.del("t1");
    await dut.wait(1000);
    await dut.dev.list();
    await netdevsimOf(dut).debugfs.write("dont_allow_reload", "N");
    await dut.dev.list();
    assertEquals(netdevsimOf(dut).delDevice("10").fails().errno, "killed");
  });
});
