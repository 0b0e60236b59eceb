import { assert, assertEquals } from "@std/assert";
import { BOARD_SUITES, DEVLINK_SUITES, loadSuites, SHIPPED_SUITES, suitesOf, urlOf } from "./load_suites.ts";

Deno.test("a suite that ships is found by its name, in the folder of its driver", () => {
  const path = (name: string) => urlOf(name).pathname.split("/").slice(-3).join("/");
  assertEquals(path("trap"), "suites/devlink/trap.ts");
  assertEquals(path("netdevsim_trap"), "suites/netdevsim/trap.ts");
  assertEquals(path("trap_fault"), "suites/netdevsim/trap_fault.ts");
  assertEquals(path("pcs_board"), "suites/pcs/pcs_board.ts");
});

Deno.test("every suite that ships is loaded by its own name", async () => {
  const names = [...SHIPPED_SUITES, ...BOARD_SUITES];
  assertEquals((await loadSuites(names)).map(({ name }) => name), names);
});

Deno.test("a device of netdevsim runs the suites of any driver and its own", () => {
  assert(DEVLINK_SUITES.every((name) => suitesOf("netdevsim").includes(name)));
  assert(suitesOf("netdevsim").every((name) => SHIPPED_SUITES.includes(name)));
});
