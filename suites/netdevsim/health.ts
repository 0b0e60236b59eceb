/** Sequences on health reporters: docs/semantics.md 5.6, O10, O11, R15. */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";

/** The driver reports an error of `dummy`. */
const report = (dut: Dut, message: string) => netdevsimOf(dut).debugfs.write("health/break_health", message);

export default suite("netdevsim_health", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("a reporter with nothing to say does all that it can", {
    source: "O10; selftest devlink.sh empty_reporter_test",
  }, async (dut) => {
    await dut.health.list();
    await dut.health.get("empty");
    assertEquals(await dut.health.dump("empty"), {});
    assertEquals(await dut.health.diagnose("empty"), {});
    await dut.health.get("empty");
    await dut.health.recover("empty");
    await dut.health.clear("empty");
    await dut.health.get("empty");
    assertEquals(dut.health.test("empty").fails().errno, "EOPNOTSUPP");
  });

  sequence("an error is told of, dumped and recovered from", {
    source: "O11; selftest devlink.sh dummy_reporter_test",
  }, async (dut) => {
    await report(dut, "first");
    assertEquals((await dut.health.get("dummy")).state, "healthy");
    await dut.health.dump("dummy");
    await dut.health.diagnose("dummy");
    // The first dump stays
    await report(dut, "second");
    await dut.health.dump("dummy");
    await dut.health.diagnose("dummy");
    await dut.health.clear("dummy");
    await dut.health.get("dummy");
    await report(dut, "third");
    await dut.health.dump("dummy");
    const { error, recover } = await dut.health.get("dummy");
    assertEquals([error, recover], [3, 3]);
    assertEquals(dut.health.test("dummy").fails().errno, "EOPNOTSUPP");
  });

  sequence("a recovery that fails leaves the error, and the next report is given up", {
    source: "O11",
  }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("health/fail_recover", "Y");
    assertEquals(report(dut, "first").fails().errno, "EINVAL");
    assertEquals((await dut.health.get("dummy")).state, "error");
    assertEquals(report(dut, "second").fails().errno, "ECANCELED");
    dut.health.recover("dummy").fails();
    await dut.health.dump("dummy");
    await netdevsimOf(dut).debugfs.write("health/fail_recover", "N");
    await dut.health.recover("dummy");
    await dut.health.get("dummy");
    // What is recovered from by hand is no recovery of a message
    await dut.health.diagnose("dummy");
    await report(dut, "third");
    await dut.health.diagnose("dummy");
    await dut.health.recover("dummy");
  });

  sequence("without auto recovery errors add up", { source: "O11" }, async (dut) => {
    await dut.health.set("dummy", { autoRecover: false });
    await report(dut, "first");
    await report(dut, "second");
    await dut.health.get("dummy");
    await dut.health.dump("dummy");
    await dut.health.set("dummy", { autoRecover: true });
    assertEquals(report(dut, "third").fails().errno, "ECANCELED");
    await dut.health.recover("dummy");
    await report(dut, "fourth");
    const { error, recover } = await dut.health.get("dummy");
    assertEquals([error, recover], [4, 2]);
  });

  sequence("within the grace period nothing is recovered from by itself", { source: "5.6" }, async (dut) => {
    await dut.health.set("dummy", { gracePeriod: 600_000 });
    await report(dut, "first");
    assertEquals(report(dut, "second").fails().errno, "ECANCELED");
    await dut.health.recover("dummy");
    // A recovery by hand has no message: the last that was recovered from stays
    await dut.health.diagnose("dummy");
    assertEquals(report(dut, "third").fails().errno, "ECANCELED");
    await dut.health.recover("dummy");
    await dut.health.set("dummy", { gracePeriod: 0 });
    await report(dut, "fourth");
    await dut.health.get("dummy");
  });

  sequence("the grace period ends", { source: "5.6" }, async (dut) => {
    await report(dut, "first");
    await dut.health.set("dummy", { gracePeriod: 1000 });
    await dut.wait(1500);
    await report(dut, "second");
    await dut.health.get("dummy");
  });

  sequence("a period is cut to 32 bits, and endless where that is too much for jiffies", {
    source: "net/devlink/health.c, msecs_to_jiffies()",
  }, async (dut) => {
    await report(dut, "first");
    await dut.health.set("dummy", { gracePeriod: 4_294_967_296 });
    await dut.health.get("dummy");
    await report(dut, "second");
    await dut.health.set("dummy", { gracePeriod: 2_147_483_648 });
    assertEquals(report(dut, "third").fails().errno, "ECANCELED");
    await dut.health.get("dummy");
  });

  sequence("within the burst period errors are let off", { source: "5.6" }, async (dut) => {
    dut.health.set("dummy", { burstPeriod: 300_000 }).either();
    await dut.health.set("dummy", { gracePeriod: 600_000, burstPeriod: 300_000 });
    await dut.health.get("dummy");
    await report(dut, "first");
    report(dut, "second").either();
    await dut.health.recover("dummy");
    await dut.health.set("dummy", { burstPeriod: 0 });
    assertEquals(report(dut, "third").fails().errno, "ECANCELED");
    await dut.health.recover("dummy");
    await dut.health.set("dummy", { burstPeriod: 1000 });
    // Settings before the refused setting take effect
    dut.health.set("dummy", { gracePeriod: 0, burstPeriod: 7, autoDump: false }).either();
    await dut.health.get("dummy");
    await dut.health.set("dummy", { gracePeriod: 5, burstPeriod: 50 });
    await dut.health.set("dummy", { gracePeriod: 0 });
    await dut.health.get("dummy");
    dut.health.set("empty", { burstPeriod: 10 }).either();
  });

  sequence("without auto dump a dump is made when it is asked for", { source: "O11" }, async (dut) => {
    await dut.health.set("dummy", { autoDump: false });
    await report(dut, "first");
    await dut.health.get("dummy");
    await dut.health.dump("dummy");
    await dut.health.dump("dummy");
    await dut.health.get("dummy");
    await dut.health.clear("dummy");
    await dut.health.clear("dummy");
    await dut.health.dump("dummy");
    await dut.health.set("dummy", { autoDump: true });
    await report(dut, "second");
    await dut.health.dump("dummy");
  });

  sequence("any message is kept as it is", { source: "5.6" }, async (dut) => {
    for (const message of ["", "a b", 'quo"te\\back', "tab\there", "ünï"]) {
      await report(dut, message);
      await dut.health.diagnose("dummy");
      await dut.health.dump("dummy");
      await dut.health.clear("dummy");
    }
  });

  sequence("a message that is too long is not dumped, and one that is nearly cannot be told", {
    source: "net/devlink/health.c, DEVLINK_FMSG_MAX_SIZE",
  }, async (dut) => {
    for (const length of [3739, 3740, 3747, 3748, 4095]) {
      await report(dut, "x".repeat(length));
      dut.health.diagnose("dummy").either();
      await dut.health.get("dummy");
      await dut.health.dump("dummy");
      await dut.health.clear("dummy");
    }
  });

  sequence("bytes of any number are dumped; a diagnosis has a page for each piece", { source: "5.6" }, async (dut) => {
    for (const length of ["0", "1", "17", "255", "3740", "3741", "3748", "3749"]) {
      await netdevsimOf(dut).debugfs.write("health/binary_len", length);
      dut.health.diagnose("dummy").either();
      await dut.health.dump("dummy");
      await dut.health.clear("dummy");
    }
    await netdevsimOf(dut).debugfs.write("health/binary_len", "4294967295");
    assertEquals(dut.health.diagnose("dummy").fails().errno, "ENOMEM");
    assertEquals(dut.health.dump("dummy").fails().errno, "ENOMEM");
    await report(dut, "no dump");
    await dut.health.get("dummy");
    await netdevsimOf(dut).debugfs.write("health/binary_len", "2");
    await dut.health.dump("dummy");
  });

  sequence("a reporter that is not there", { source: "5.6" }, async (dut) => {
    for (const reporter of ["nosuch", "Dummy"]) {
      assertEquals(dut.health.get(reporter).fails().errno, "EINVAL");
      assertEquals(dut.health.set(reporter, { autoDump: true }).fails().errno, "EINVAL");
      assertEquals(dut.health.recover(reporter).fails().errno, "EINVAL");
      assertEquals(dut.health.diagnose(reporter).fails().errno, "EINVAL");
      assertEquals(dut.health.dump(reporter).fails().errno, "EINVAL");
      assertEquals(dut.health.clear(reporter).fails().errno, "EINVAL");
      assertEquals(dut.health.test(reporter).fails().errno, "EINVAL");
    }
    const handle = "netdevsim/netdevsim99";
    assertEquals(dut.perform({ kind: "health.show", handle, reporter: "dummy" }).fails().errno, "ENODEV");
    assertEquals(dut.perform({ kind: "health.diagnose", handle, reporter: "dummy" }).fails().errno, "ENODEV");
    assertEquals(dut.perform({ kind: "health.recover", handle, reporter: "dummy" }).fails().errno, "ENODEV");
    dut.perform({ kind: "health.show", handle }).either();
    await dut.health.list();
  });

  sequence("a reload makes the reporters anew", { source: "R15" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("health/binary_len", "4");
    await dut.health.set("dummy", { gracePeriod: 600_000, autoRecover: false, autoDump: false });
    await dut.health.dump("empty");
    await report(dut, "before");
    await dut.health.list();
    await dut.reload();
    await dut.health.list();
    assertEquals(await netdevsimOf(dut).debugfs.read("health/binary_len"), "16");
    assertEquals(await netdevsimOf(dut).debugfs.read("health/fail_recover"), "N");
    await dut.health.diagnose("dummy");
    await dut.health.dump("dummy");
    await report(dut, "after");
    await dut.health.get("dummy");
  });

  sequence("where a reload failed there are no reporters", { source: "R07; 5.6" }, async (dut) => {
    await report(dut, "before");
    await netdevsimOf(dut).debugfs.write("fail_reload", "Y");
    dut.reload().fails();
    await dut.health.list();
    assertEquals(dut.health.get("dummy").fails().errno, "EINVAL");
    assertEquals(dut.health.recover("dummy").fails().errno, "EINVAL");
    report(dut, "in between").fails();
    netdevsimOf(dut).debugfs.read("health/binary_len").fails();
    await netdevsimOf(dut).debugfs.write("fail_reload", "N");
    await dut.reload();
    await dut.health.list();
  });

  sequence("an error of one device is none of another", { source: "5.6" }, async (dut) => {
    await netdevsimOf(dut).newDevice("11 1");
    await report(dut, "first");
    await dut.health.list();
    await dut.write("/sys/kernel/debug/netdevsim/netdevsim11/health/break_health", "other");
    await dut.perform({ kind: "health.recover", handle: "netdevsim/netdevsim11", reporter: "dummy" });
    await dut.health.list();
    await netdevsimOf(dut).delDevice("11");
  });
});
