/**
 * Measures how fast the model is fuzzed, with its notifications checked: operations per second on one core, for each booted kernel.
 *
 * @module
 */

import process from "node:process";
import { checkModel } from "../fuzz/model_check.ts";
import { BOOTED_ERAS as eras } from "../model/mod.ts";

for (const era of eras) checkModel({ era, seed: 1, indices: Array(300).keys() });
for (const era of eras) {
  const before = process.cpuUsage();
  const { operations, ms, violations } = checkModel({ era, seed: 2, indices: Array(3000).keys() });
  const { user, system } = process.cpuUsage(before);
  const line = [
    era.padEnd(5),
    `${Math.round(operations / ms * 1000)} operations a second`,
    `${Math.round(operations / (user + system) * 1e6)} a second of one CPU`,
    `${violations.length} violations`,
  ];
  console.log(line.join("  "));
}
