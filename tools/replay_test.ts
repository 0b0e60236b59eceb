import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";

Deno.test("replay: where there is no command to compare nothing agrees, exit 2", async () => {
  const folder = await Deno.makeTempDir({ prefix: "twinlink-replay-" });
  try {
    for (const args of [[folder], ["--only", "no such file"]]) {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--allow-read", fileURLToPath(new URL("./replay.ts", import.meta.url)), ...args],
        cwd: fileURLToPath(new URL("..", import.meta.url)),
      }).output();
      const text = new TextDecoder().decode(stderr);
      assertEquals([code, stdout.length], [2, 0], text);
      assertStringIncludes(text, "there is no command to compare");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
