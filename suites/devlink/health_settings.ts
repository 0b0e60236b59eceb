/** Settings of health reporters, set and put back, on any driver: docs/semantics.md 5.6. */

import { assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

const SET = "5.6; net/devlink/health.c: devlink_nl_health_reporter_set_doit()";
const ABLE = { recovers: true } as const;
const NOT_ABLE = { recovers: false } as const;

export default suite("health_settings", { fixture: theBoard({ ports: 1 }) }, ({ sequence }) => {
  sequence("auto dump off and on", { source: SET, needs: { reporter: { dumps: true } } }, async (dut) => {
    const { name, autoDump } = dut.health.any({ dumps: true });
    for (const wanted of [!autoDump, autoDump]) {
      await dut.health.set(name, { autoDump: wanted });
      assertEquals((await dut.health.get(name)).auto_dump, wanted);
    }
  });

  sequence("auto recovery off and on", { source: SET, needs: { reporter: ABLE } }, async (dut) => {
    const { name, autoRecover } = dut.health.any(ABLE);
    for (const wanted of [!autoRecover, autoRecover]) {
      await dut.health.set(name, { autoRecover: wanted });
      assertEquals((await dut.health.get(name)).auto_recover, wanted);
    }
  });

  sequence("the grace period, set and put back", { source: SET, needs: { reporter: ABLE } }, async (dut) => {
    const { name, gracePeriod } = dut.health.any(ABLE);
    for (const wanted of [1000, 600_000, gracePeriod]) {
      await dut.health.set(name, { gracePeriod: wanted });
      assertEquals((await dut.health.get(name)).grace_period, wanted);
    }
  });

  sequence("a grace period of more than 32 bits", { source: SET, needs: { reporter: ABLE } }, async (dut) => {
    const { name } = dut.health.any(ABLE);
    await dut.health.set(name, { gracePeriod: 4_294_967_296 });
    await dut.health.get(name);
  });

  sequence("all settings in one command", {
    source: SET,
    needs: { reporter: { recovers: true, dumps: true } },
  }, async (dut) => {
    const { name, autoDump, autoRecover } = dut.health.any({ recovers: true, dumps: true });
    await dut.health.set(name, { gracePeriod: 7000, autoRecover: !autoRecover, autoDump: !autoDump });
    const shown = await dut.health.get(name);
    assertEquals([shown.grace_period, shown.auto_recover, shown.auto_dump], [7000, !autoRecover, !autoDump]);
  });

  sequence("no setting at all", { source: SET, needs: { reporter: {} } }, async (dut) => {
    const { name } = dut.health.any();
    await dut.health.set(name, {});
    await dut.health.get(name);
  });

  sequence(
    "a reporter that does not recover takes no grace period",
    { source: SET, needs: { reporter: NOT_ABLE } },
    async (dut) => {
      const { name } = dut.health.any(NOT_ABLE);
      for (const gracePeriod of [0, 1000]) {
        assertEquals(dut.health.set(name, { gracePeriod }).fails().errno, "EOPNOTSUPP");
      }
      await dut.health.get(name);
    },
  );

  sequence(
    "a reporter that does not recover takes no auto recovery",
    { source: SET, needs: { reporter: NOT_ABLE } },
    async (dut) => {
      const { name } = dut.health.any(NOT_ABLE);
      for (const autoRecover of [true, false]) {
        assertEquals(dut.health.set(name, { autoRecover }).fails().errno, "EOPNOTSUPP");
      }
      await dut.health.get(name);
    },
  );

  sequence("a setting that is refused keeps the others from being set", {
    source: SET,
    needs: { reporter: { recovers: false, dumps: true } },
  }, async (dut) => {
    const { name, autoDump } = dut.health.any({ recovers: false, dumps: true });
    assertEquals(dut.health.set(name, { autoDump: !autoDump, gracePeriod: 5 }).fails().errno, "EOPNOTSUPP");
    assertEquals((await dut.health.get(name)).auto_dump, autoDump);
  });

  sequence(
    "settings of one reporter leave the others",
    { source: SET, needs: { reporter: { dumps: true } } },
    async (dut) => {
      const { name, autoDump } = dut.health.any({ dumps: true });
      const others = () => dut.inventory().reporters.filter((one) => one.name !== name);
      const before = others();
      await dut.health.set(name, { autoDump: !autoDump });
      await dut.health.list();
      assertEquals(others(), before);
    },
  );

  sequence("a healthy reporter is recovered: nothing happens", {
    source: "5.6; net/devlink/health.c: devlink_health_reporter_recover()",
    needs: { reporter: {} },
  }, async (dut) => {
    for (const { name } of dut.inventory().reporters) await dut.health.recover(name);
    await dut.health.list();
  });

  sequence("a dump is cleared, also where no dump is stored", {
    source: "5.6; net/devlink/health.c: devlink_nl_health_reporter_dump_clear_doit()",
    needs: { reporter: {} },
  }, async (dut) => {
    for (const { name, dumps } of dut.inventory().reporters) {
      const { result } = dut.health.clear(name).either();
      assertEquals(result, dumps ? "ok" : "EOPNOTSUPP");
    }
    await dut.health.list();
  });

  sequence("a port that does not exist stands for the device", {
    source: "net/devlink/health.c: devlink_health_reporter_get_from_attrs()",
    needs: { reporter: {} },
  }, async (dut) => {
    const { name } = dut.health.any();
    assertEquals((await dut.health.get(name, { port: dut.port.absent() })).reporter, name);
    assertEquals(dut.health.get("made_up", { port: dut.port.absent() }).fails().errno, "EINVAL");
  });
});
