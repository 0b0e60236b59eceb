import { assertEquals } from "@std/assert";
import { readyCommands, readyScript } from "./ready.ts";

Deno.test("a board without the table needs nothing; modules come before commands, each by its key", () => {
  assertEquals(readyCommands({}), []);
  const ready = { modules: ["marvell", "dwmac-intel"], commands: ["echo 'a b' > /run/x; $(true)"] };
  assertEquals(readyCommands({ ready }).map(({ key }) => key), [
    "ready.modules[0]",
    "ready.modules[1]",
    "ready.commands[0]",
  ]);
  assertEquals(
    readyScript(readyCommands({ ready })),
    "tl_ready 0 30 modprobe marvell\ntl_ready 1 30 modprobe dwmac-intel\n" +
      "tl_ready 2 30 sh -c 'echo '\\''a b'\\'' > /run/x; $(true)'\n",
  );
});
