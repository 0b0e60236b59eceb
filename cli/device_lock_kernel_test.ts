/** The lock of a device on a real kernel: a board over ssh, to which two runs give two names. */

import { assertEquals, assertMatch } from "@std/assert";
import { guestShell, guestTest, testImage } from "../fixtures/qemu/testing.ts";
import { GUEST_PASSWORD, leftOnGuest, until, writeGuestBoard } from "../run/guest_board.ts";
import { ended, run, start } from "./child.ts";

const SUITE = `import { netdevsim, suite } from "@twinlink/twinlink";
export default suite("held", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("long", { source: "x" }, async (dut) => {
    await dut.wait(WAIT);
  });
});
`;

guestTest(
  "a device that another run has is refused, and free once a killed run's agent has torn down",
  await testImage("6.12"),
  async (guest) => {
    const dir = await Deno.makeTempDir({ prefix: "twinlink-lock-" });
    try {
      const [first, second] = ["first", "second"].map((name) => `${dir}/${name}.toml`);
      await writeGuestBoard(first!, guest);
      const text = await Deno.readTextFile(first!);
      await Deno.writeTextFile(second!, text.replace('"guest"', '"other"'));
      const suite = async (ms: number) => {
        await Deno.writeTextFile(`${dir}/${ms}.ts`, SUITE.replace("WAIT", `${ms}`));
        return `${dir}/${ms}.ts`;
      };
      const state = (name: string) => ({
        env: { XDG_STATE_HOME: `${dir}/${name}`, USER: name, [GUEST_PASSWORD]: guest.login.password },
      });
      const clean = await leftOnGuest(guest);
      const child = start(["run", await suite(40_000), "--board", first!], state("ann"));
      const end = ended(child);
      const made = async () => (await guestShell(guest, "ls /sys/bus/netdevsim/devices")).out.includes("netdevsim10");
      assertEquals(await until(made), true);
      const short = await suite(10);
      const refused = await run(["run", short, "--board", second!], state("bob"));
      assertEquals(refused.code, 3, refused.stdout + refused.stderr);
      assertMatch(
        refused.stderr,
        /Cannot use board "other": ann on \S+ \(twinlink run, process \d+\) since .* UTC has netdevsim\//,
      );
      // The plan still reaches its tear-down: no other run starts meanwhile, and the next run needs no option.
      child.kill("SIGKILL");
      await end;
      const next = await run(["run", short, "--board", second!], state("bob"));
      assertEquals(next.code, 0, next.stdout + next.stderr);
      assertMatch(next.stderr, /for the agent of an earlier run to come to its tear-down/);
      assertEquals(await leftOnGuest(guest), clean);
      assertEquals((await guestShell(guest, "ls /run/twinlink")).out.trim(), "");
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);
