/** Two runs of the command never use one device at the same time, whatever they call the board; a real sh on two real lines. */

import { assertEquals, assertMatch } from "@std/assert";
import { NIC, nicFile, withNic } from "../bench/fake_nic.ts";
import { FaultBoard, SHELLS, whyNoBoards } from "../bench/fault_board.ts";
import { ended, run, start } from "./child.ts";

const ignore = await whyNoBoards() !== undefined;

const SUITE = `import { hardware, suite } from "@twinlink/twinlink";
export default suite("one", { fixture: hardware("mlx5") }, ({ sequence }) => {
  sequence("stuck", { source: "x" }, async (dut) => {
    await dut.wait(WAIT);
  });
});
`;

/** Returns the processes that have a file of an agent on the board open. */
function ofFolder(dir: string): string[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((pid) => {
    try {
      return /^\d+$/.test(pid) && Deno.readLinkSync(`/proc/${pid}/fd/7`).startsWith(`${dir}/tmp`);
    } catch {
      return false; // It has ended, or no such file.
    }
  });
}

for (const shell of SHELLS) {
  Deno.test(`${shell}: a device that another run has is refused, and a killed run's processes there are ended`, {
    ignore,
  }, async () => {
    await using board = await FaultBoard.open({ shell });
    // A long step, recognised by its exact duration.
    const [mine, other] = [1, 2].map((n) => `${n * 1000 + (1 + (performance.now() | 0) % 900) / 1000}`);
    await withNic(board);
    const file = await nicFile(board, NIC, 'capabilities = ["mlx5"]\n');
    const again = `${board.dir}/rack.toml`;
    const suite = `${board.dir}/one.ts`;
    await Deno.writeTextFile(suite, SUITE.replace("WAIT", `${Math.round(Number(mine) * 1000)}`));
    const state = (name: string) => ({ env: { XDG_STATE_HOME: `${board.dir}/${name}`, USER: name } });
    const sleeping = async (seconds: string) =>
      (await new Deno.Command("pgrep", { args: ["-f", `^sleep ${seconds}$`], stderr: "null" }).output()).success;
    const first = start(["run", suite, "--board", file], state("ann"));
    let over: string | undefined;
    const end = ended(first).then(({ stdout, stderr }) => over = stdout + stderr);
    while (!await sleeping(mine!)) {
      if (over !== undefined) throw new Error(over);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await using second = await board.login();
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(again, text.replace('"nic"', '"rack"').replace(board.address, second.path));
    const bystander = new Deno.Command("sh", { args: ["-c", `exec ${board.inside(`exec sleep ${other}`)}`] }).spawn();
    try {
      const holder = `ann on \\S+ \\(twinlink run, process ${first.pid}\\) since [-0-9]+ [:0-9]+ UTC`;
      const message =
        `Cannot use board "rack": ${holder} has ${NIC} there; --wait waits until it is free; if that run is ` +
        `gone, end process \\d+ on the board$`;
      for (const args of [["run", suite], ["boards", "facts"]]) {
        const words = args[0] === "run" ? [...args, "--board", again] : [...args, again];
        const refused = await run(words, state("bob"));
        assertEquals(refused.code, 3, refused.stdout + refused.stderr);
        assertMatch(refused.stderr, new RegExp(message, "m"));
      }
      assertEquals(await sleeping(mine!), true);

      // The run is killed, and then its agent; the agent's children continue.
      first.kill("SIGKILL");
      await end;
      board.killAgent();
      assertEquals([await sleeping(mine!), ofFolder(board.dir).length > 0], [true, true]);
      const { code, stdout, stderr } = await run(["boards", "facts", again], state("bob"));
      assertEquals([code, stderr], [0, ""], stdout);
      assertEquals([await sleeping(mine!), await sleeping(other!), ofFolder(board.dir)], [false, true, []]);
      // Neither run has left anything.
      for (const name of ["run/twinlink", "tmp", "tmp2"]) {
        assertEquals([name, [...Deno.readDirSync(`/proc/${bystander.pid}/root${board.dir}/${name}`)]], [name, []]);
      }
      assertEquals((await Deno.readTextFile(`${board.dir}/printk_devkmsg`)).trim(), "ratelimit");
    } finally {
      for (const child of [first, bystander]) {
        try {
          child.kill("SIGKILL");
        } catch { /* it has ended */ }
      }
      await Promise.all([end, bystander.status]);
    }
  });
}
