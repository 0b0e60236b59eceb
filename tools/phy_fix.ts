/**
 * `deno task phy-fix`: builds phylib of Linux 6.12 with a fix in it, of Debian's source, and boots it in the place of the stock one:
 * the crash that the model predicts of the stock kernel must not come (docs/phy.md).
 *
 * @module
 */

import { loadBoard } from "../boards/mod.ts";
import { runAsMain } from "../cli/entry.ts";
import { detailLines } from "../diff/lines.ts";
import { breaksKernel } from "../diff/crash.ts";
import type { SequenceVerdict } from "../diff/mod.ts";
import { moduleSource, SOURCE_MODULES } from "../fixtures/qemu/source_modules.ts";
import { walk } from "../fixtures/qemu/sysroot.ts";
import { loadSuites } from "../run/load_suites.ts";
import { orchestrate } from "../run/orchestrate.ts";
import { print } from "../run/output.ts";

const KERNEL = "6.12";
const SEQUENCE = "sgmii: the netdev is taken down after the driver is gone";

/** Lines to add to a function of phylib, each below a statement of it. */
interface Fix {
  file: string;
  /** How the function's definition begins */
  within: string;
  /** What the statement matches, which is there once */
  below: RegExp;
  add: readonly string[];
}

/** What phylib lacks where the driver of a PHY goes. */
export const FIXES: readonly Fix[] = [
  {
    // The triggers were freed: none of them was the last one
    file: "phy/phy_led_triggers.c",
    within: "void phy_led_triggers_unregister(",
    below: /^\tphy->phy_led_triggers = NULL;$/m,
    add: ["phy->last_triggered = NULL;", "phy->phy_num_led_triggers = 0;"],
  },
  {
    // The MAC is told that the link is gone
    file: "phy/phy_device.c",
    within: "static int phy_remove(",
    below: /^\tcancel_delayed_work_sync\(.*\);$/m,
    add: [
      "mutex_lock(&phydev->lock);",
      "if (phydev->link && phydev->phy_link_change) {",
      "\tphydev->link = 0;",
      "\tphydev->phy_link_change(phydev, false);",
      "}",
      "mutex_unlock(&phydev->lock);",
    ],
  },
];

/**
 * Returns the text of a file with a fix in it.
 *
 * @throws {Error} If the function, or the statement in it, is not there
 */
export function fixed(text: string, { file, within, below, add }: Fix): string {
  const from = text.indexOf(within);
  const to = text.indexOf("\n}\n", from);
  const body = text.slice(Math.max(0, from), to);
  if (from < 0 || !below.test(body)) throw new Error(`Cannot fix ${file}: "${within}" is not as expected`);
  const lines = add.map((line) => `\n\t${line}`).join("");
  return text.slice(0, from) + body.replace(below, (line) => line + lines) + text.slice(to);
}

/** Makes a folder with the fixed source. */
async function fixedSource(signal: AbortSignal): Promise<string> {
  const source = await moduleSource(KERNEL, SOURCE_MODULES.libphy, { signal });
  const dir = await Deno.makeTempDir({ prefix: "twinlink-phy-fix-" });
  await Deno.mkdir(`${dir}/phy`);
  for (const path of walk(source).filter((path) => /^(phy\/)?[^/]+$/.test(path))) {
    await Deno.copyFile(`${source}/${path}`, `${dir}/${path}`);
  }
  for (const fix of FIXES) {
    const path = `${dir}/${fix.file}`;
    await Deno.writeTextFile(path, fixed(await Deno.readTextFile(path), fix));
  }
  return dir;
}

/** True if the kernel was to break in a step of the sequence, did not, and all of the sequence was seen. */
export function crashDidNotCome({ verdict, steps }: SequenceVerdict): boolean {
  const whole = steps.every(({ observed }) => observed?.observation && !breaksKernel(observed.observation));
  const predicted = steps.some(({ expected }) => expected?.observation && breaksKernel(expected.observation));
  return verdict === "diverge" && whole && predicted;
}

async function phyFix(signal: AbortSignal): Promise<number> {
  const board = await loadBoard(`qemu-mgbe-${KERNEL}-slub`);
  const modulesSource = await fixedSource(signal);
  try {
    const [result] = await orchestrate(
      [{ ...board, qemu: { ...board.qemu!, modulesSource } }],
      await loadSuites(["phy"]),
      { filter: (_, { name }) => name === SEQUENCE, signal },
    );
    if (!result || result.infra) throw result?.infra ?? new Error(`Cannot run phy > ${SEQUENCE}`);
    const verdict = result.results[0]?.verdict;
    if (!verdict) throw new Error(`Cannot judge phy > ${SEQUENCE}`);
    print(`${verdict.verdict}  phy > ${SEQUENCE}\n${detailLines(verdict).join("\n")}\n`);
    const fine = crashDidNotCome(verdict);
    print(
      `The crash that the model predicts of a stock kernel ${fine ? "did not come" : "came, or was not looked for"}\n`,
    );
    return fine ? 0 : 1;
  } finally {
    await Deno.remove(modulesSource, { recursive: true });
  }
}

if (import.meta.main) await runAsMain(phyFix);
