/** Dumps and settings of an instance of any driver in another netns: docs/semantics.md 3.3, 3.6, N01 to N03. */

import { assertEquals } from "@std/assert";
import type { Dut } from "../../sdk/dut.ts";
import type { Needs } from "../../sdk/roles.ts";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";
import { otherValue } from "./_other_value.ts";

const MOVES = { reload: "driver_reinit" } as const;
const NUMBER = { cmode: "driverinit", type: "u32" } as const;

export default suite("netns_inside", { fixture: theBoard({ ports: 2, netns: ["t1"] }) }, ({ sequence }) => {
  /** Moves the instance into a netns, does something there, and moves it back. */
  const inside = (
    name: string,
    source: string,
    needs: Needs,
    body: (there: Dut, dut: Dut) => Promise<void> | void,
  ) =>
    sequence(name, { source, needs: { ...MOVES, ...needs } }, async (dut) => {
      const there = dut.in("t1");
      await dut.reload({ to: "t1" });
      await body(there, dut);
      await there.reload({ to: "init" });
      await dut.dev.show();
    });

  inside("it is shown there and not here", "N01; 3.3: devlink_reload_netns_change()", {}, async (there, dut) => {
    await there.dev.show();
    await there.dev.list();
    assertEquals(dut.dev.show().fails().errno, "ENODEV");
    await dut.dev.list();
  });

  inside("it says the same of itself there", "N01; 5.5", {}, (there) => {
    there.dev.info().either();
  });

  inside("its traps are set there", "N01; 4.3", { trap: { type: "drop" } }, async (there) => {
    const name = there.trap.any({ type: "drop" });
    await there.trap.set(name, { action: "trap" });
    await there.trap.get(name);
    await there.trap.set(name, { action: "drop" });
  });

  inside("its trap groups are shown there", "N01; 4.3", { group: "any" }, async (there) => {
    await there.trap.group.list();
    await there.trap.group.get(there.trap.group.any());
  });

  inside("its params are set there", "N01; 3.8", { param: NUMBER }, async (there) => {
    const param = there.param.where(NUMBER);
    await there.param.set(param.name, otherValue(param)!);
    await there.param.get(param.name);
    await there.param.set(param.name, param.value!);
  });

  inside("its reporters are set there", "N01; 5.6", { reporter: { dumps: true } }, async (there) => {
    const { name, autoDump } = there.health.any({ dumps: true });
    await there.health.set(name, { autoDump: !autoDump });
    await there.health.get(name);
    await there.health.set(name, { autoDump });
  });

  inside("its resources are shown there", "N01; 5.3", { resource: "leaf" }, async (there) => {
    await there.resource.list();
  });

  inside("its ports are shown there", "N01; 5.1", { ports: 1 }, async (there) => {
    await there.port.list();
    await there.port.get(there.port(0).index);
  });

  inside("it is reloaded there and stays", "N02; 3.3", {}, async (there) => {
    await there.reload();
    await there.dev.show();
    await there.reload({ to: "t1" });
    await there.dev.show();
  });

  inside("nobody here reaches it", "N02; 1.1", {}, (_there, dut) => {
    assertEquals(dut.reload().fails().errno, "ENODEV");
    assertEquals(dut.dev.info().fails().errno, "ENODEV");
    assertEquals(dut.trap.get("made_up").fails().errno, "ENODEV");
    assertEquals(dut.param.get("made_up").fails().errno, "ENODEV");
    assertEquals(dut.health.get("made_up").fails().errno, "ENODEV");
  });

  sequence("twice there and back", { source: "N02; 3.3", needs: MOVES }, async (dut) => {
    for (let i = 0; i < 2; i++) {
      await dut.reload({ to: "t1" });
      await dut.in("t1").reload({ to: "init" });
    }
    await dut.dev.show();
  });

  sequence("a value that waits takes effect with the move", {
    source: "N01; 3.8: devlink_params_driverinit_load_new()",
    needs: { ...MOVES, param: NUMBER },
  }, async (dut) => {
    const param = dut.param.where(NUMBER);
    await dut.param.set(param.name, otherValue(param)!);
    await dut.reload({ to: "t1" });
    await dut.in("t1").param.get(param.name);
    await dut.in("t1").reload({ to: "init" });
    await dut.param.get(param.name);
  });

  sequence("the netns ends, and the instance is back", {
    source: "N03; 3.6: devlink_pernet_pre_exit()",
    needs: MOVES,
    // With RDMA, older kernels never end a netns with such an instance in it (D3)
    holds: { in: (era) => era.notifierScope === "dev_net", because: "the end of a netns may hang before 6.3 (D3)" },
  }, async (dut) => {
    await dut.netns.add("n1");
    await dut.reload({ to: "n1" });
    await dut.netns.del("n1", { until: dut.handle });
    await dut.dev.show();
    await dut.in("t1").dev.list();
  });
});
