/**
 * Bugs of locks and lifetimes planted into netdevsim, which a single operation does not show: each bug is built for a real kernel.
 * A race must find it, by an impossible outcome or by what the kernel reports.
 */

import { assert, assertEquals } from "@std/assert";
import { loadBoard } from "../boards/mod.ts";
import { describeCrash } from "../diff/crash.ts";
import { netdevsimSource } from "../fixtures/mod.ts";
import type { Operation } from "../model/mod.ts";
import { raceSuite } from "../suites/race/race_suite.ts";
import { RACE_OPERATIONS, type RaceOperation } from "../suites/race/race_operations.ts";
import { kernelTest } from "../fixtures/qemu/testing.ts";
import { type Edit, editedSource } from "../fixtures/qemu/edited_source.ts";
import { orchestrate } from "./orchestrate.ts";
import { readBoardRace } from "../cli/race_board.ts";

const DESTROY = "static void nsim_dev_reload_destroy(";

/** The required results of a race. */
interface Shown {
  /** Results that the model excludes, and that the planted bug causes */
  outside?: string[][];
  /** Functions in the stacks of the hung tasks */
  stacks?: string[];
  /** The kernel's report */
  report?: RegExp;
}

interface RacePlant {
  bug: string;
  edits: Edit[];
  race: readonly RaceOperation[];
  runs: number;
  /** The kernel's command line */
  cmdline?: string;
  shows: Shown;
}

const PLANTS: RacePlant[] = [
  {
    bug: "a lock of the driver's is taken under the instance's in a reload, and before it for a new port",
    edits: [
      {
        file: "dev.c",
        find: "static void nsim_dev_reload_destroy(struct nsim_dev *nsim_dev);\n",
        put: "static void nsim_dev_reload_destroy(struct nsim_dev *nsim_dev);\nstatic DEFINE_MUTEX(nsim_ports_lock);\n",
      },
      {
        file: "dev.c",
        within: DESTROY,
        find: "	nsim_dev_psample_exit(nsim_dev);\n",
        put: "	mutex_lock(&nsim_ports_lock);\n	nsim_dev_psample_exit(nsim_dev);\n	mutex_unlock(&nsim_ports_lock);\n",
      },
      {
        file: "dev.c",
        within: "int nsim_drv_port_add(",
        find: "	devl_lock(priv_to_devlink(nsim_dev));\n",
        put: "	mutex_lock(&nsim_ports_lock);\n	devl_lock(priv_to_devlink(nsim_dev));\n",
      },
      {
        file: "dev.c",
        within: "int nsim_drv_port_add(",
        find: "	devl_unlock(priv_to_devlink(nsim_dev));\n",
        put: "	devl_unlock(priv_to_devlink(nsim_dev));\n	mutex_unlock(&nsim_ports_lock);\n",
      },
    ],
    race: ["reload", "new_port"],
    runs: 40,
    shows: { outside: [["hang"], ["hang"]], stacks: ["nsim_dev_reload_destroy", "nsim_drv_port_add"] },
  },
  {
    bug: "the instance's lock is dropped in the middle of a reload",
    edits: [
      {
        file: "dev.c",
        within: "static int nsim_dev_reload_down(",
        find: "	nsim_dev_reload_destroy(nsim_dev);\n",
        put: "	nsim_dev_reload_destroy(nsim_dev);\n	devl_unlock(devlink);\n	msleep(1);\n	devl_lock(devlink);\n",
      },
    ],
    race: ["reload", "trap_set"],
    runs: 40,
    shows: { outside: [["ok"], ["EOPNOTSUPP"]] },
  },
  {
    bug: "a reload frees the region before it takes the file away that makes snapshots of it",
    edits: [
      {
        file: "dev.c",
        within: DESTROY,
        find: "	debugfs_remove(nsim_dev->take_snapshot);\n",
        put: "	nsim_dev_dummy_region_exit(nsim_dev);\n",
      },
      {
        file: "dev.c",
        within: DESTROY,
        find: "	nsim_dev_traps_exit(devlink);\n	nsim_dev_dummy_region_exit(nsim_dev);\n",
        put: "	nsim_dev_traps_exit(devlink);\n	debugfs_remove(nsim_dev->take_snapshot);\n",
      },
    ],
    race: ["reload", "take_snapshot"],
    runs: 40,
    cmdline: "slub_debug=FZPU",
    shows: { report: /take_snapshot_write|region_snapshot_create/ },
  },
  {
    bug: "the work that reports packets is not cancelled",
    edits: [{
      file: "dev.c",
      within: "static void nsim_dev_traps_exit(",
      find: "	cancel_delayed_work_sync(&nsim_dev->trap_data->trap_report_dw);\n",
      put: "",
    }],
    race: ["reload", "port_show"],
    runs: 40,
    cmdline: "slub_debug=FZPU",
    shows: { report: /oops in / },
  },
];

for (const { bug, edits, race, runs, cmdline, shows } of PLANTS) {
  await kernelTest("6.12", `planted on 6.12, found by a race: ${bug}`, async () => {
    const board = await loadBoard("qemu-6.12");
    const moduleSource = await editedSource(await netdevsimSource("6.12"), edits);
    try {
      const operations = race.map((name) => RACE_OPERATIONS[name] as Operation);
      const suite = raceSuite("race", [{ name: race.join(" | "), operations }], { runs });
      const qemu = { ...board.qemu!, moduleSource, ...(cmdline ? { cmdline } : {}) };
      const [result] = await orchestrate([{ ...board, qemu }], [suite]);
      assert(result && !result.infra, `the board can be used: ${result?.infra?.message}`);
      const [one] = result.results;
      const step = one!.verdict.steps.find(({ verdict }) => verdict !== "agree");
      assertEquals(step?.op.kind, "race", "the race is what shows it");
      if (shows.report) {
        assertEquals(one!.verdict.verdict, "crash");
        const report = step!.crash ? describeCrash(step!.crash) : step!.reason ?? "";
        assert(shows.report.test(report), report);
      }
      const found = readBoardRace(one!);
      if (shows.outside) {
        assertEquals(one!.verdict.verdict, "diverge");
        const outside = found!.outside.map(({ results }) => results);
        assert(
          outside.some((results) => JSON.stringify(results) === JSON.stringify(shows.outside)),
          JSON.stringify(outside),
        );
      }
      const frames = found?.stacks.flatMap(({ stack }) => stack) ?? [];
      for (const name of shows.stacks ?? []) assert(frames.includes(name), `${name} is in ${frames}`);
    } finally {
      await Deno.remove(moduleSource, { recursive: true });
    }
  });
}
