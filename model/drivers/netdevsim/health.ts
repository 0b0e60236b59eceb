/**
 * The health reporters of netdevsim: `empty`, which has nothing to report, and `dummy`, which reports all that is possible
 * (drivers/net/netdevsim/health.c).
 *
 * @module
 */

import type { Reporter } from "../../devlink/devlink.ts";
import type { Fmsg } from "../../devlink/fmsg.ts";
import { newReporter } from "../../devlink/health.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { netdevsimEra } from "./era.ts";

/** The files of debugfs that control the reporters. */
type Knobs = ReadonlyMap<string, number | boolean>;

const TEN = Array.from({ length: 10 }, (_, i) => i);

/** Returns both reporters, in the order of their registration. */
export function healthReporters(kernel: Kernel, knobs: Knobs): Reporter[] {
  /** The last error that `dummy` recovered from (nsim_dev_health.recovered_break_msg) */
  const own: { recovered?: string } = {};
  return [
    newReporter("empty", { recover: undefined, dump: () => {}, diagnose: () => {} }),
    newReporter("dummy", {
      recover: (task, message) => {
        if (knobs.get("health/fail_recover")) {
          return task.fail("EINVAL", "User setup the recover to fail for testing purposes", "netdevsim");
        }
        if (message !== undefined) own.recovered = message;
        return "ok";
      },
      dump: (fmsg, message) => {
        if (message !== undefined) fmsg.pair("break_message", message);
        putDummy(fmsg, kernel, knobs);
      },
      diagnose: (fmsg) => {
        if (own.recovered !== undefined) fmsg.pair("recovered_break_message", own.recovered);
        putDummy(fmsg, kernel, knobs);
      },
    }, own),
  ];
}

function putDummy(fmsg: Fmsg, kernel: Kernel, knobs: Knobs): void {
  fmsg.pair("test_bool", true).pair("test_u8", 1).pair("test_u32", 3).pair("test_u64", 4);
  fmsg.pair("test_string", "somestring");
  fmsg.binary("test_binary", Number(knobs.get("health/binary_len")), (length) => kernel.randomBytes(length));
  fmsg.begin("pair").name("test_nest").begin("object");
  fmsg.pair("nested_test_bool", false).pair("nested_test_u8", 0);
  fmsg.end().end();
  if (netdevsimEra(kernel.era).arrays === "whole") {
    fmsg.array("test_bool_array", () => TEN.forEach(() => fmsg.value(true)));
    fmsg.array("test_u8_array", () => TEN.forEach((i) => fmsg.value(i)));
    fmsg.array("test_u32_array", () => TEN.forEach((i) => fmsg.value(i)));
    fmsg.array("test_u64_array", () => TEN.forEach((i) => fmsg.value(i)));
  } else {
    fmsg.end().end();
    fmsg.array("test_u32_array", () => TEN.forEach((i) => fmsg.value(i)));
  }
  fmsg.array("test_array_of_objects", () => {
    for (const i of TEN) {
      fmsg.object(() => fmsg.pair("in_array_nested_test_bool", false).pair("in_array_nested_test_u8", i));
    }
  });
}
