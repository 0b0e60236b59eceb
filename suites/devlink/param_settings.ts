/** Params of each mode, set and put back, on any driver: docs/semantics.md 3.8, 5.2. */

import { assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";
import { otherValue } from "./_other_value.ts";

const NUMBER = { cmode: "driverinit", type: "u32" } as const;
const FLAG = { cmode: "driverinit", type: "bool" } as const;
const SET = "R16; 5.2: devlink_nl_param_set_doit()";

export default suite("param_settings", { fixture: theBoard({ ports: 1 }) }, ({ sequence }) => {
  sequence(
    "a value that a param has already is not sent",
    { source: "devlink-dev(8); 5.2", needs: { param: {} } },
    async (dut) => {
      for (const { name, cmode, value } of dut.param.all()) await dut.param.set(name, value!, { cmode });
      await dut.param.list();
    },
  );

  sequence("a bool that waits for a reload, set and put back", { source: SET, needs: { param: FLAG } }, async (dut) => {
    const param = dut.param.where(FLAG);
    await dut.param.set(param.name, otherValue(param)!);
    await dut.param.get(param.name);
    await dut.param.set(param.name, param.value!);
    await dut.param.get(param.name);
  });

  sequence(
    "a number that waits for a reload, set and put back",
    { source: SET, needs: { param: NUMBER } },
    async (dut) => {
      const param = dut.param.where(NUMBER);
      await dut.param.set(param.name, otherValue(param)!);
      await dut.param.get(param.name);
      await dut.param.set(param.name, param.value!);
      await dut.param.get(param.name);
    },
  );

  sequence("every number that waits for a reload", { source: SET, needs: { param: NUMBER } }, async (dut) => {
    for (const param of dut.param.all(NUMBER)) {
      // The neighbouring value may be outside the driver's bounds
      dut.param.set(param.name, otherValue(param)!).either();
      await dut.param.set(param.name, param.value!);
    }
    await dut.param.list();
  });

  sequence("a param that waits leaves the others", { source: SET, needs: { param: NUMBER } }, async (dut) => {
    const param = dut.param.where(NUMBER);
    const others = () => dut.param.all().filter(({ name }) => name !== param.name);
    const before = others();
    await dut.param.set(param.name, otherValue(param)!);
    await dut.param.list();
    assertEquals(others(), before);
  });

  sequence(
    "a mode that a param does not have",
    { source: "O05; 5.2; devlink-dev(8)", needs: { param: NUMBER } },
    async (dut) => {
      const { name, value } = dut.param.where(NUMBER);
      for (const cmode of ["runtime", "permanent"] as const) {
        assertEquals(dut.param.set(name, value!, { cmode }).fails().errno, "client");
      }
      await dut.param.get(name);
    },
  );

  sequence(
    "numbers that devlink(8) does not take",
    { source: "O05; devlink-dev(8)", needs: { param: NUMBER } },
    async (dut) => {
      const { name } = dut.param.where(NUMBER);
      for (const value of ["many", "", "-1", "1.5", "1e3", "4294967296", "18446744073709551616"]) {
        assertEquals(dut.param.set(name, value).fails().errno, "client");
      }
      await dut.param.get(name);
    },
  );

  sequence("numbers are decimal", { source: "devlink-dev(8)", needs: { param: NUMBER } }, async (dut) => {
    const param = dut.param.where(NUMBER);
    const value = Number(otherValue(param)!);
    assertEquals(dut.param.set(param.name, `0x${value.toString(16)}`).fails().errno, "client");
    await dut.param.set(param.name, `00${value}`);
    await dut.param.get(param.name);
    await dut.param.set(param.name, param.value!);
  });

  sequence("words that are no bool", { source: "O05; devlink-dev(8)", needs: { param: FLAG } }, async (dut) => {
    const { name } = dut.param.where(FLAG);
    for (const value of ["maybe", "", "2", "TRUE", "yes", "falsetto"]) {
      assertEquals(dut.param.set(name, value).fails().errno, "client");
    }
    await dut.param.get(name);
  });

  sequence("every word for yes and for no", { source: "devlink-dev(8)", needs: { param: FLAG } }, async (dut) => {
    const { name } = dut.param.where(FLAG);
    for (const word of ["false", "true", "0", "1", "disable", "enable", "f", "t"]) {
      await dut.param.set(name, word);
      await dut.param.get(name);
    }
  });

  sequence("params back to the default, where kernels have defaults", {
    source: "O06; 5.2: devlink_nl_param_set_doit()",
    needs: { param: NUMBER },
    holds: { in: (era) => era.paramDefaults, because: "params have a default from 7.0 on" },
  }, async (dut) => {
    const param = dut.param.where(NUMBER);
    await dut.param.set(param.name, otherValue(param)!);
    await dut.param.reset(param.name);
    await dut.param.get(param.name);
    assertEquals(dut.param.reset("made_up").fails().errno, "EINVAL");
    assertEquals(dut.param.reset(param.name, { cmode: "permanent" }).fails().errno, "client");
  });
});
