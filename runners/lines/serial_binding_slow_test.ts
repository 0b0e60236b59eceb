/** The lock of a port while child processes are started, which inherit open files. */

import { assertEquals } from "@std/assert";
import { openLine } from "./pty_line.ts";
import { TwinlinkBinding } from "./serial_binding.ts";

Deno.test("a port that TwinlinkBinding closes is free at once, also while processes are being started", async () => {
  await using line = await openLine();
  let over = false;
  const starting = (async () => {
    while (!over) await Promise.all(Array.from({ length: 8 }, () => new Deno.Command("true").output()));
  })();
  const open = () => TwinlinkBinding.open({ path: line.path, baudRate: 115_200 }).catch(() => undefined);
  let held = 0;
  for (let i = 0; i < 300; i++) {
    const port = await open();
    // A process that is being started now begins while the port is closed and opened again.
    await new Promise((resolve) => setTimeout(resolve));
    await port?.close();
    const again = await open();
    if (!again) held++;
    await again?.close();
  }
  over = true;
  await starting;
  assertEquals(held, 0);
});
