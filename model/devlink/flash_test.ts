import { assertEquals } from "@std/assert";
import { foldProgress, unfoldProgress } from "./flash.ts";
import { type EraId, ERAS } from "../era/mod.ts";
import { Machine } from "../machine.ts";
import type { Notification } from "../observation.ts";

const handle = "netdevsim/netdevsim10";
const FILE = "twinlink.bin";

function machineOf(era: EraId): Machine {
  const machine = new Machine({ era });
  machine.perform({ kind: "file.write", path: `/lib/firmware/${FILE}`, value: "x" });
  machine.perform({ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" });
  return machine;
}

const message = (attributes: Notification["attributes"], command = "status"): Notification => ({
  command,
  object: "flash",
  handle,
  attributes,
});

Deno.test("unfolding undoes folding; messages without progress stay as they are", () => {
  const at = (done: number, msg = "Flashing") => message({ msg, done, total: 9 });
  for (
    const messages of [
      [],
      [at(0), at(1), at(2), at(3)],
      [at(0), at(1)],
      [at(0), at(2), at(4), at(5), at(6), at(7)],
      [at(5), at(5), at(5)],
      [at(3), at(2), at(1)],
      [message({}, "begin"), at(0), at(1), at(2), at(0, "Done"), at(1, "Done"), at(2, "Done"), message({}, "end")],
    ]
  ) {
    assertEquals(unfoldProgress(foldProgress(messages)), messages);
  }
  assertEquals(foldProgress([at(0), at(1), at(2), at(3)]).length, 1);
  assertEquals(foldProgress([at(3), at(2), at(1)]).length, 3);
});

for (const [id, messages] of [["5.10", 506], ["6.1", 506], ["6.12", 506], ["7.2", 56], ["7.3", 56]] as const) {
  Deno.test(`${id}: a flash sends ${messages} messages and takes seconds`, () => {
    const machine = machineOf(id);
    const { result, notify, time } = machine.perform({ kind: "dev.flash", handle, file: FILE });
    assertEquals([result, time], ["ok", "blocked"]);
    assertEquals(unfoldProgress(notify["init"]!).length, messages);
    const silent = machine.perform({
      kind: "file.write",
      path: "/sys/kernel/debug/netdevsim/netdevsim10/fw_update_status",
      value: "N",
    });
    assertEquals(silent.result, "ok");
    const quiet = machine.perform({ kind: "dev.flash", handle, file: FILE });
    assertEquals(quiet.notify["init"]?.length ?? 0, ERAS[id].objects.flash.by === "core" ? 2 : 0);
  });
}

Deno.test("a file that does not exist is refused when it is opened", () => {
  const refused = machineOf("6.12").perform({ kind: "dev.flash", handle, file: "nosuch" });
  assertEquals([refused.result, refused.extack?.text, refused.notify], [
    "ENOENT",
    "failed to locate the requested firmware file",
    {},
  ]);
  const silent = machineOf("6.12").perform({ kind: "ethtool.flash", handle, port: 0, file: "nosuch" });
  assertEquals([silent.result, silent.extack], ["ENOENT", null]);
  assertEquals(machineOf("5.10").perform({ kind: "dev.flash", handle, file: "nosuch" }).result, "ok");
});

for (const [id, other] of [["5.10", true], ["6.12", undefined]] as const) {
  Deno.test(`${id}: a command on the flashed device waits; on another device it ${other ? "waits, too" : "does not"}`, () => {
    const machine = machineOf(id);
    machine.perform({ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "11 1" });
    const waited = (asked: string) => {
      const { reply } = machine.perform({
        kind: "during",
        operation: { kind: "dev.flash", handle, file: FILE },
        poll: { kind: "health.show", handle: asked, reporter: "empty" },
      });
      return (reply as { waited?: boolean }).waited;
    };
    assertEquals([waited(handle), waited("netdevsim/netdevsim11")], [true, other]);
  });
}
