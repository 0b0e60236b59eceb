/**
 * Suite `mlx5_health`: the driver's reaction to a card in bad health. The driver polls, so each step waits until the driver has
 * seen what the card reports. The card is emulated.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";
import { driverOf } from "./_bound.ts";

const HEALTH = "drivers/net/ethernet/mellanox/mlx5/core/health.c";

/** The driver polls the card each two to three seconds. */
const POLLED = { settle: 3500 };
/** The driver needs four polls to detect that the card's health counter stands still. */
const MISSED = { settle: 13_000 };
/** The time for a poll, and for the function to be unloaded and loaded. */
const RECOVERED = { settle: 12_000 };

/** Longer than a run, in ms. */
const HOUR = 3_600_000;

/** The card is down until the driver restarts it. */
const DOWN = { nic: 1, healAt: "restart" };

/** Recreates the reporters: nothing else resets their counts and the state of a reporter that cannot recover. */
async function rebind(dut: Dut): Promise<void> {
  const { unbind, bind } = driverOf(dut);
  await unbind();
  await bind(POLLED);
  assertEquals(await stateOf(dut, "fw"), "healthy");
}

const stateOf = async (dut: Dut, reporter: string) => (await dut.health.get(reporter)).state;

export default suite("mlx5_health", { fixture: theBoard() }, ({ sequence }) => {
  sequence("an error of the firmware is reported once, until another one comes", {
    source: `${HEALTH}: poll_health(), mlx5_fw_reporter_err_work()`,
    needs: { reporter: { name: "fw" } },
  }, async (dut) => {
    await dut.device.health({ syndrome: 1 }, POLLED);
    assertEquals(await stateOf(dut, "fw"), "error");
    await dut.health.diagnose("fw");
    assertEquals(dut.health.dump("fw").fails().errno, "EOPNOTSUPP");
    await dut.device.health({ syndrome: 16 }, POLLED);
    await dut.health.list();
    await dut.device.health({ syndrome: 0 }, POLLED);
    await dut.health.list();
    await dut.health.diagnose("fw");
    await dut.device.health({ syndrome: 16 }, POLLED);
    await dut.health.list();
    await dut.device.clear(POLLED);
    await rebind(dut);
  });

  sequence("what the firmware reported stays through a reload, and nothing recovers it", {
    source: `${HEALTH}: mlx5_fw_reporter_ops, mlx5_start_health_poll()`,
    needs: { reporter: { name: "fw" } },
  }, async (dut) => {
    await dut.device.health({ syndrome: 7 }, POLLED);
    await dut.reload();
    assertEquals(await stateOf(dut, "fw"), "error");
    assertEquals(dut.health.recover("fw").fails().errno, "EOPNOTSUPP");
    await dut.device.clear(POLLED);
    await dut.health.list();
    await rebind(dut);
  });

  sequence("a card whose heart stops is reported after three polls in which it did not beat", {
    source: `${HEALTH}: poll_health(), MAX_MISSES`,
    needs: { reporter: { name: "fw" } },
  }, async (dut) => {
    await dut.device.health({ beat: false }, MISSED);
    assertEquals(await stateOf(dut, "fw"), "error");
    await dut.health.diagnose("fw");
    await dut.device.health({ beat: true }, POLLED);
    await dut.health.list();
    await rebind(dut);
  });

  sequence("a card that goes down recovers by a reset, and the function is as after a reload", {
    source: `${HEALTH}: mlx5_fw_fatal_reporter_err_work(), mlx5_health_try_recover()`,
    needs: { reporter: { name: "fw_fatal" } },
  }, async (dut) => {
    // Nobody knows if it recovered within the grace period before this sequence
    await dut.health.set("fw_fatal", { gracePeriod: 0 });
    await dut.dev.show();
    await dut.device.health(DOWN, RECOVERED);
    assertEquals(await stateOf(dut, "fw_fatal"), "healthy");
    assertEquals(dut.health.dump("fw_fatal").fails().errno, "ENODEV");
    await dut.dev.show();
    await dut.port.list();
    await dut.trap.list();
    await dut.reload();
  });

  sequence("a card that goes down again within the grace period is left, until a reload brings the function back", {
    source: `${HEALTH}: mlx5_fw_fatal_reporter_err_work(); net/devlink/health.c: devlink_health_report()`,
    needs: { reporter: { name: "fw_fatal" } },
  }, async (dut) => {
    await dut.health.set("fw_fatal", { gracePeriod: 0 });
    await dut.device.health(DOWN, RECOVERED);
    await dut.health.set("fw_fatal", { gracePeriod: HOUR });
    await dut.device.health(DOWN, RECOVERED);
    assertEquals(await stateOf(dut, "fw_fatal"), "error");
    await dut.reload();
    await dut.health.list();
    await dut.port.list();
    await rebind(dut);
  });

  sequence("a card that goes down stays down without auto recovery, until the reporter is recovered", {
    source: `${HEALTH}: mlx5_fw_fatal_reporter_recover(); net/devlink/health.c: devlink_health_report()`,
    needs: { reporter: { name: "fw_fatal" } },
  }, async (dut) => {
    await dut.health.set("fw_fatal", { autoRecover: false });
    await dut.device.health(DOWN, RECOVERED);
    assertEquals(await stateOf(dut, "fw_fatal"), "error");
    await dut.health.recover("fw_fatal");
    assertEquals(await stateOf(dut, "fw_fatal"), "healthy");
    await dut.dev.show();
    await dut.port.list();
  });
});
