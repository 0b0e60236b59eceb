/** Params of any driver: docs/semantics.md 3.8, 5.2, O05, O06, R16. */

import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

const needs = { param: { cmode: "driverinit", type: "u32" } } as const;
const number = (dut: Dut) => dut.param.where({ cmode: "driverinit", type: "u32" }).name;
const flag = (dut: Dut) => dut.param.where({ cmode: "driverinit", type: "bool" }).name;

export default suite("param", { fixture: theBoard({ ports: 1 }) }, ({ sequence }) => {
  sequence("values that are set are told of", { source: "R16; 5.2; selftest params_test", needs }, async (dut) => {
    const [size, test] = [number(dut), flag(dut)];
    // The driver may have its own bounds
    for (const value of [16, 16]) dut.param.set(size, value).either();
    await dut.param.get(size);
    for (const value of [0, 4294967295]) dut.param.set(size, value).either();
    await dut.param.set(test, false);
    await dut.param.set(test, "disable");
    await dut.param.set(test, "enable");
    await dut.param.list();
  });

  sequence("what cannot be set", { source: "O05; 5.2", needs }, async (dut) => {
    const [size, test] = [number(dut), flag(dut)];
    dut.param.get("nosuch").fails();
    dut.param.set("nosuch", 1).fails();
    dut.param.set("nosuch", 1, { cmode: "runtime" }).fails();
    dut.param.set(size, 1, { cmode: "runtime" }).fails();
    dut.param.set(size, 1, { cmode: "permanent" }).fails();
    dut.param.set(size, "many").fails();
    dut.param.set(size, "4294967296").fails();
    dut.param.set(test, "maybe").fails();
    dut.param.set(test, 2).fails();
    await dut.param.list();
  });

  sequence("a kernel that has no defaults", {
    source: "O06; net/devlink/param.c: devlink_param_value_get_from_info",
    needs,
    holds: { in: (era) => !era.paramDefaults, because: "the others have defaults" },
  }, async (dut) => {
    const [size, test] = [number(dut), flag(dut)];
    dut.param.reset(size).fails();
    // Of a bool, no value is false
    await dut.param.reset(test);
    await dut.param.list();
    await dut.param.reset(test);
    dut.param.reset(test, { cmode: "runtime" }).fails();
    dut.param.reset("nosuch").fails();
  });
});
