import { assert, assertEquals } from "@std/assert";
import { KERNEL_IDS, type KernelId } from "../../model/mod.ts";
import { readTranscripts } from "./transcript.ts";
import { agrees, replay } from "./replay.ts";
import { normalised, overlapping, unreliable } from "./rules.ts";

/** What does not agree of each machine, with why; all agrees of a machine that is not named. */
const KNOWN: { readonly [K in KernelId]?: readonly string[] } = {
  // The machine's own IPv6 address was not yet settled when its routes were counted
  "5.10": ["02-show.txt [4]"],
};

for (const name of KERNEL_IDS) {
  Deno.test(`transcripts of kernel ${name}: what a machine printed is what the model prints`, async () => {
    const files = await readTranscripts(new URL(`../testdata/${name}.jsonl.gz`, import.meta.url));
    const { commands } = replay(files);
    assertEquals(commands.length, 148);
    const others = commands.filter((each) => !each.leftOut && !agrees(each)).map(({ file, number }) =>
      `${file} [${number}]`
    );
    assertEquals(others, KNOWN[name] ?? []);
    assert(commands.filter(({ leftOut }) => leftOut !== undefined).length <= 4);
  });
}

Deno.test("a transcript that differs is found: status, a word of JSON, an error, an extra line", async () => {
  const files = await readTranscripts(new URL("../testdata/6.12.jsonl.gz", import.meta.url));
  const changed = files.map(({ name, blocks }) => ({
    name,
    blocks: blocks.map((block) => ({
      ...block,
      ...(name === "02-show.txt" && block.number === 3
        ? { stdout: block.stdout.replace('"value": 32', '"value": 33') }
        : {}),
      ...(name === "04-trap.txt" && block.number === 4 ? { rc: 2 } : {}),
      ...(name === "04-trap.txt" && block.number === 5 ? { stderr: 'Unknown trap action "other"\n' } : {}),
      ...(name === "10-bind.txt" && block.number === 5 ? { stdout: `rc=0\n${block.stdout}` } : {}),
    })),
  }));
  const { commands } = replay(changed);
  const others = commands.filter((each) => !agrees(each)).map(({ file, number, differences }) =>
    `${file} [${number}] ${differences.map(({ part }) => part)}`
  );
  assertEquals(others, [
    "02-show.txt [3] stdout",
    "04-trap.txt [4] rc",
    "04-trap.txt [5] stderr",
    "10-bind.txt [5] stdout",
  ]);
});

Deno.test("jobs at the same time: any outcome that the model allows agrees, no other does", () => {
  const race =
    "ip netns add n1; (devlink dev reload netdevsim/netdevsim1 netns n1; echo reload $?) & ip netns del n1; wait";
  const block = (number: number, command: string, stdout: string, stderr = "") => ({
    number,
    command,
    rc: 0,
    stdout,
    stderr,
    kmsg: [],
  });
  const outcome = (stdout: string, stderr: string) =>
    replay([{
      name: "x",
      blocks: [
        block(1, "cat /proc/version", "Linux version 6.12.1 (x) #1 SMP Debian 6.12.1-1\n"),
        block(2, "echo '1 1' > /sys/bus/netdevsim/new_device", ""),
        block(3, race, stdout, stderr),
      ],
    }]).commands.at(-1)!;
  const outcomes = [outcome("reload 0\n", ""), outcome("reload 1\n", "")];
  assertEquals(outcomes.map(agrees), [true, true]);
  // One of them is the outcome at the usual pace
  assertEquals(outcomes.filter(({ rules }) => rules.includes("pace")).length, 1);
  assert(!agrees(outcome("reload 2\n", "")));
  assert(!agrees(outcome("reload 0\nreload 0\n", "")));
});

Deno.test("rules: what the model cannot know is normalised, and nothing else", () => {
  assertEquals(
    normalised("link/ether 5a:b1:90:bb:36:0a brd ff:ff:ff:ff:ff:ff\n", ""),
    "link/ether MAC brd ff:ff:ff:ff:ff:ff",
  );
  assertEquals(normalised('"data":[1,2,3]', ""), '"data":[3 BYTES]');
  // Packets that do not have the length of netdevsim's are no ticks
  assertEquals(normalised('"bytes":284,"packets":2', ""), '"bytes":142N,"packets":N');
  assertEquals(normalised('"bytes":285,"packets":2', ""), '"bytes":285,"packets":2');
  assertEquals(normalised("b\na\n", "devlink dev show"), "b\na");
  assertEquals(normalised("b\na\n", "devlink dev show & wait"), "\na\nb");
  assert(!overlapping("devlink -jv monitor >/tmp/mon 2>&1 & M=$!; sleep 1; devlink dev show && true"));
  assert(overlapping("(devlink dev reload a/b; echo $?) & devlink dev show"));
});

Deno.test("output that a recorder cut off is left out, with a reason", () => {
  const block = { number: 1, command: "x", rc: 0, stdout: "", stderr: "", kmsg: [] };
  assertEquals(unreliable(block), undefined);
  assertEquals(unreliable({ ...block, rc: 143 }), undefined);
  assert(unreliable({ ...block, rc: 143, stderr: "Terminated\n" }));
  assert(unreliable({ ...block, stdout: "\0\0x" }));
});

Deno.test("a command that is not modelled does not agree, whatever the machine printed", () => {
  const block = (number: number, command: string, rc: number, stdout: string, stderr: string) => ({
    number,
    command,
    rc,
    stdout,
    stderr,
    kmsg: [],
  });
  const { commands } = replay([{
    name: "x",
    blocks: [
      block(1, "cat /proc/version", 0, "Linux version 6.12.1 (x) #1 SMP Debian 6.12.1-1\n", ""),
      block(2, "ip rule add from 10.0.0.1 table 5 2>/dev/null || true", 0, "", ""),
      block(3, "ip rule add from 10.0.0.1 table 5", 125, "", "twinlink: not modelled: ip rule add: x\n"),
    ],
  }]);
  assertEquals(commands.map((each) => [each.gaps.length, agrees(each)]), [[0, true], [1, false], [1, false]]);
});
