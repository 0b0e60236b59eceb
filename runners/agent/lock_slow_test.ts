/** The lock of a device, taken by real shells of the agent. */

import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { isGone, lockFor } from "./lock.ts";

const SHELLS = [["dash"], ["bash"], ["busybox", "ash"]].filter(([program]) =>
  new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync().success
);

/** Returns a script of an agent with only its lock: once it has the lock it runs `then`. All agents log to standard error. */
const agent = (dir: string, run: string, then: string) => `
. ./agent.sh
. ./agent_lock.sh
export TL_KIN
TL_N=$(printf '%016x' $$)
TL_D=$(mktemp -d ${dir}/twinlink.XXXXXX)
TL_KIN=$TL_N
TL_LOCKS=${dir}/locks
tl_boot_id
tl_lock dev ${run} "who $$"
if [ -n "$TL_LOCK" ]; then
${then}
else
  echo "refused $TL_HELD"
fi
rm -rf "$TL_D"
`;

for (const [program, ...args] of SHELLS) {
  const start = (script: string) =>
    new Deno.Command(program!, {
      args: [...args, "-c", script],
      cwd: new URL(".", import.meta.url),
      stdout: "piped",
      stderr: "null",
    }).spawn();
  const said = async (child: Deno.ChildProcess) => new TextDecoder().decode((await child.output()).stdout).trim();

  Deno.test(`${program}: of agents that want a device at the same time, only one gets it, with or without a dead agent's lock`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      let had = 0;
      for (let round = 0; round < 12; round++) {
        // A killed agent has left its lock; in the first rounds no lock is left.
        if (round > 3) {
          await said(start(agent(dir, "dead", "kill -9 $$")));
          assertEquals([...Deno.readDirSync(`${dir}/locks`)].length, 1);
        }
        // Only one agent can create the folder: if two were inside, one would print it.
        const inside = `mkdir ${dir}/in || echo two; sleep 0.3; rmdir ${dir}/in; echo had; rm -f "$TL_LOCK"`;
        const all = await Promise.all(Array.from({ length: 6 }, (_, i) => said(start(agent(dir, `run${i}`, inside)))));
        assertEquals(all.filter((one) => !/^(had|refused use \d+ run\d who \d+)$/.test(one)), []);
        had += all.filter((one) => one === "had").length;
        assertEquals([...Deno.readDirSync(`${dir}/locks`)], []);
        // The files of the dead agent are gone, too.
        assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), ["locks"]);
      }
      assertEquals(had >= 12, true, `${had}`);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });

  Deno.test(`${program}: an agent of another boot has no lock, nor has a later process with its PID`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      await said(start(agent(dir, "first", 'rm -f "$TL_LOCK"')));
      const path = `${dir}/locks/dev.7`;
      const boot = (await Deno.readTextFile("/proc/sys/kernel/random/boot_id")).trim();
      const born = (await Deno.readTextFile(`/proc/${Deno.pid}/stat`)).split(") ").at(-1)!.split(" ")[19];
      const record = (born: string, boot: string) =>
        Deno.writeTextFile(path, `${Deno.pid} ${born} ${boot} 0123456789abcdef other 0 0\n${dir}/none\nann on lab\n`);
      const cases: [born: string, boot: string, held: boolean][] = [
        [born!, boot, true],
        [born!, "other-boot", false],
        ["1", boot, false],
      ];
      for (const [since, of, held] of cases) {
        await record(since, of);
        const answer = await said(start(agent(dir, "second", 'echo free; rm -f "$TL_LOCK"')));
        assertEquals(answer, held ? `refused use ${Deno.pid} other ann on lab` : "free");
      }
      // A file that is no record of a lock holds no lock either.
      await Deno.writeTextFile(path, "x");
      assertEquals(await said(start(agent(dir, "second", 'echo free; rm -f "$TL_LOCK"'))), "free");
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });

  Deno.test(`${program}: an agent of the same run, or of a run that has ended, loses its device once it is idle`, async () => {
    const dir = await Deno.makeTempDir();
    const take = async (words: string) => {
      const script = agent(dir, words, 'echo had; rm -f "$TL_LOCK"').replace(
        '"who $$"',
        `who ${words.split(" ")[1] ?? ""}`,
      );
      return await said(start(script.replace(` ${words} `, ` ${words.split(" ")[0]} `)));
    };
    const held = start(agent(dir, "first", `echo ready; echo plan > "$TL_D/busy"; sleep 1000 & wait`));
    try {
      const ready = held.stdout.getReader();
      await ready.read();
      ready.releaseLock();
      const busy = () => [...Deno.readDirSync(dir)].some(({ name }) => existsSync(`${dir}/${name}/busy`));
      while (!busy()) await new Promise((resolve) => setTimeout(resolve, 10));
      assertEquals((await take("second")).startsWith("refused use"), true);
      for (const words of ["first", "second first"]) {
        assertEquals((await take(words)).startsWith("refused wait"), true, words);
      }
      for (const { name } of [...Deno.readDirSync(dir)]) {
        if (existsSync(`${dir}/${name}/busy`)) Deno.writeTextFileSync(`${dir}/${name}/busy`, "");
      }
      assertEquals((await take("second")).startsWith("refused use"), true);
      assertEquals(await take("second first"), "had");
      await held.stdout.cancel();
      assertEquals((await held.status).signal, "SIGKILL");
    } finally {
      await held.stdout.cancel().catch(() => {});
      try {
        held.kill("SIGKILL");
      } catch { /* the process has ended */ }
      await held.status;
      await Deno.remove(dir, { recursive: true });
    }
  });

  Deno.test(`${program}: the processes that a dead agent has started are ended, and no others`, async () => {
    const dir = await Deno.makeTempDir();
    const nonce = "fedcba9876543210";
    const sleeper = (env: Record<string, string>) => new Deno.Command("sleep", { args: ["1000"], env }).spawn();
    // Processes of another agent, with a longer nonce, with the words elsewhere in the environment, and a daemon of [ready].
    const others = [{ TL_KIN: "0123456789abcdef" }, { TL_KIN: `${nonce}0` }, { X: `TL_KIN=${nonce}` }, { TL_KIN: "" }];
    const [own, ...rest] = [{ TL_KIN: nonce, TEXT: "a\nb" }, ...others].map(sleeper);
    try {
      const bury = (of: string) =>
        said(
          start(
            `. ./agent.sh; . ./agent_lock.sh; mkdir ${dir}/twinlink.abcdef; tl_bury ${dir}/twinlink.abcdef "${of}"`,
          ),
        );
      for (const garbled of ["", ".*", "................"]) await bury(garbled);
      await bury(nonce);
      assertEquals((await own!.status).signal, "SIGKILL");
      const alive = (pid: number) => !/\) [ZX] /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
      assertEquals(rest.map(({ pid }) => alive(pid)), rest.map(() => true));
      assertEquals([...Deno.readDirSync(dir)], []);
    } finally {
      for (const child of [own!, ...rest]) {
        try {
          child.kill("SIGKILL");
        } catch { /* the process has ended */ }
        await child.status;
      }
      await Deno.remove(dir, { recursive: true });
    }
  });
}

Deno.test("the texts of a lock are bounded, and its name can be a file name", async () => {
  const lock = await lockFor({ name: "my board", driver: "mlx5_core", handle: "pci/../*" } as never, "x".repeat(500));
  assertEquals([lock.device, lock.who.length], ["pci%2F..%2F*", 200]);
  assertEquals(lock.run.includes(" "), false);
});

Deno.test("a run has ended if its process ended, or its PID is reused; for another machine this is not known", async () => {
  const { run } = await lockFor({ name: "b", driver: "mlx5_core" } as never, "x");
  const [place, pid, born, board] = run.split(":");
  const child = new Deno.Command("true").spawn();
  await child.status;
  const cases: [string, boolean][] = [
    [run, false],
    [`${place}:${child.pid}:${born}:${board}`, true],
    [`${place}:${pid}:1:${board}`, true],
    [`other:${child.pid}:${born}:${board}`, false],
    ["-", false],
    [`${place}:$(exit 1):1:b`, false],
  ];
  for (const [of, gone] of cases) assertEquals(await isGone(of), gone, of);
});
