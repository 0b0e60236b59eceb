import { assertEquals, assertStringIncludes } from "@std/assert";
import { driversScript, handlesIn, instancesOf } from "./instances.ts";

Deno.test("instances: a driver is named by sysfs, else by devlink, else not at all", () => {
  const handles = handlesIn(
    '{"dev":{"pci/0000:03:00.0":{"stats":{}},"auxiliary/x.sf.1":{},"pci/1":{},"no handle":{}}}',
  );
  assertEquals(handles, ["pci/0000:03:00.0", "auxiliary/x.sf.1", "pci/1"]);
  const printed = '../../../bus/pci/drivers/mlx5_core\n{"info":{"auxiliary/x.sf.1":{"driver":"mlx5_core.sf"}}}\n\n';
  assertEquals(instancesOf(handles!, printed), [
    { handle: "pci/0000:03:00.0", driver: "mlx5_core" },
    { handle: "auxiliary/x.sf.1", driver: "mlx5_core.sf" },
    { handle: "pci/1", driver: "" },
  ]);
  assertEquals(instancesOf(["a/b"], '{"info":{"c/d":{"driver":"x"}}}\n'), [{ handle: "a/b", driver: "" }]);
});

Deno.test("instances: output without a list is not an empty list, and no text of a board reaches its shell unquoted", () => {
  assertEquals(handlesIn('{"dev":{}}'), []);
  for (const printed of ["", "{}", '{"dev":[]', "sh: devlink: not found"]) assertEquals(handlesIn(printed), undefined);
  assertStringIncludes(driversScript(["pci/$(reboot)"]), "readlink '/sys/bus/pci/devices/$(reboot)/driver'");
  assertStringIncludes(driversScript(["pci/$(reboot)"]), "dev info 'pci/$(reboot)'");
});
