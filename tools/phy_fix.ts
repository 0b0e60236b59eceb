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
import { type Edit, editedSource } from "../fixtures/qemu/edited_source.ts";
import { moduleSource, SOURCE_MODULES } from "../fixtures/qemu/source_modules.ts";
import { loadSuites } from "../run/load_suites.ts";
import { orchestrate } from "../run/orchestrate.ts";
import { print } from "../run/output.ts";

const KERNEL = "6.12";
const SEQUENCE = "sgmii: the netdev is taken down after the driver is gone";

/** The fix, as edits of phylib: the clean-up that is missing when the driver of a PHY is unbound. */
const FIXES: readonly Edit[] = [
  {
    // The triggers were freed, so no pointer to the last trigger may remain
    file: "phy/phy_led_triggers.c",
    within: "void phy_led_triggers_unregister(",
    find: "	phy->phy_led_triggers = NULL;\n",
    put: "	phy->phy_led_triggers = NULL;\n	phy->last_triggered = NULL;\n	phy->phy_num_led_triggers = 0;\n",
  },
  {
    // The fix reports to the MAC that the link is down
    file: "phy/phy_device.c",
    within: "static int phy_remove(",
    find: "	cancel_delayed_work_sync(&phydev->state_queue);\n",
    put: `	cancel_delayed_work_sync(&phydev->state_queue);
	mutex_lock(&phydev->lock);
	if (phydev->link && phydev->phy_link_change) {
		phydev->link = 0;
		phydev->phy_link_change(phydev, false);
	}
	mutex_unlock(&phydev->lock);
`,
  },
];

/** True if the kernel was to break in a step of the sequence, did not, and all of the sequence was seen. */
export function crashDidNotCome({ verdict, steps }: SequenceVerdict): boolean {
  const whole = steps.every(({ observed }) => observed?.observation && !breaksKernel(observed.observation));
  const predicted = steps.some(({ expected }) => expected?.observation && breaksKernel(expected.observation));
  return verdict === "diverge" && whole && predicted;
}

async function phyFix(signal: AbortSignal): Promise<number> {
  const board = await loadBoard(`qemu-mgbe-${KERNEL}-slub`);
  const source = await moduleSource(KERNEL, SOURCE_MODULES.libphy, { signal });
  const modulesSource = await editedSource(source, FIXES);
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
