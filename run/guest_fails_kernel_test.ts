/** Guests that do not boot, or do not reboot: the run still ends with its summary and its files. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { findProgram } from "../fixtures/qemu/process.ts";
import { kernelTest } from "../fixtures/qemu/testing.ts";
import { run } from "../cli/child.ts";

await kernelTest(
  "6.12",
  "a guest that ends as it boots is infra: a line, the summary and the files, exit 3",
  async () => {
    const dir = await Deno.makeTempDir({ prefix: "twinlink-guest-" });
    try {
      // The process of the suites is also started with setpriv.
      const real = findProgram("setpriv");
      const script =
        `#!/bin/sh\ncase "$*" in *qemu-system*) echo no KVM and no TCG >&2; exit 7 ;; esac\nexec ${real} "$@"\n`;
      await Deno.writeTextFile(`${dir}/setpriv`, script, { mode: 0o755 });
      const { code, stdout, stderr } = await run(["run", "reload", "--board", "qemu-6.12", "--out", `${dir}/out`], {
        env: { PATH: `${dir}:${Deno.env.get("PATH")}` },
      });
      assertEquals(code, 3, stderr);
      assertMatch(stderr, /qemu-6\.12 over ssh: not judged: Cannot boot kernel 6\.12: QEMU ended \(status 7\)/);
      assertEquals(/bug of twinlink|\.ts:\d+/.exec(stderr), null, stderr);
      assertStringIncludes(stdout, "6 sequences: 6 not judged: not all of it could be judged, so this is no pass");
      const files = [...Deno.readDirSync(`${dir}/out`)].map(({ name }) => name);
      assertEquals(files.some((name) => name.endsWith(".xml")), true, files.join(" "));
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);
