/** devlink(8) of iproute2 7.3 on real kernels in QEMU: rates, shared buffers and files of netdevsim, command by command. */

import { assertEquals } from "@std/assert";
import { Session } from "../mod.ts";

type Recorded = [command: string, rc: number, stdout: string, stderr: string];

const RECORDED = JSON.parse(
  await Deno.readTextFile(new URL("../testdata/rates_and_buffers.json", import.meta.url)),
) as Record<"5.10" | "6.1" | "6.12" | "7.3", Recorded[]>;

for (const [era, recorded] of Object.entries(RECORDED)) {
  Deno.test(`kernel ${era}: rates, shared buffers and files print what the real ones print`, () => {
    const session = new Session({ era: era as keyof typeof RECORDED });
    for (const [command, ...expected] of recorded) {
      const { rc, stdout, stderr } = session.run(command);
      // The prompt is the shell of a login, each recorded command had a shell of its own.
      assertEquals([rc, stdout, stderr.replace("/bin/sh: ", "sh: ")], expected, command);
    }
  });
}
