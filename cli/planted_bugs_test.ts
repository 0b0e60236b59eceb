/**
 * Bugs planted into netdevsim: each is built for a real kernel, booted, and must be found as a divergence at the right
 * sequence, step and channel. The edits are applied to the source that is fetched when the test runs.
 */

import { assert, assertEquals } from "@std/assert";
import { loadBoard } from "../boards/mod.ts";
import { netdevsimSource } from "../fixtures/mod.ts";
import type { OperationKind } from "../model/operation.ts";
import type { Channel } from "../model/observation.ts";
import { kernelTest } from "./_kernel_test.ts";
import { type BoardResult, orchestrate } from "./orchestrate.ts";
import { loadSuites } from "./load_suites.ts";

interface Edit {
  file: string;
  /** The beginning of a function's definition, to edit in it only */
  within?: string;
  /** Text that stands there exactly once */
  find: string;
  put: string;
}

interface Plant {
  /** What is wrong with the driver */
  bug: string;
  edits: Edit[];
  /** Where it must be found first, of all the sequences of the suite */
  found: { suite: string; sequence: string; step: OperationKind; channel: Channel };
}

const CREATE = "static int nsim_dev_reload_create(";
const DESTROY = "static void nsim_dev_reload_destroy(";
const REMOVE = "void nsim_drv_remove(";

const PLANTS: Plant[] = [
  {
    bug: "traps live from probe to remove and are not registered again in reload",
    edits: [
      {
        file: "dev.c",
        within: CREATE,
        find: `	err = nsim_dev_traps_init(devlink);
	if (err)
		goto err_dummy_region_exit;
`,
        put: "",
      },
      { file: "dev.c", within: DESTROY, find: "	nsim_dev_traps_exit(devlink);\n", put: "" },
      {
        file: "dev.c",
        within: REMOVE,
        find: "	nsim_dev_reload_destroy(nsim_dev);\n",
        put: "	nsim_dev_reload_destroy(nsim_dev);\n	nsim_dev_traps_exit(devlink);\n",
      },
    ],
    found: {
      suite: "trap",
      sequence: "reload puts traps, groups and policers back to their defaults",
      step: "dev.reload",
      channel: "notify",
    },
  },
  {
    bug: "the action that a user set is kept over reload",
    edits: [
      {
        file: "dev.c",
        find: "static const struct devlink_trap nsim_traps_arr[]",
        put: "static struct devlink_trap nsim_traps_arr[]",
      },
      {
        file: "dev.c",
        find: `	nsim_trap_item->action = action;
	spin_unlock`,
        put: `	nsim_trap_item->action = action;
	if (extack)
		((struct devlink_trap *)trap)->init_action = action;
	spin_unlock`,
      },
    ],
    found: {
      suite: "trap",
      sequence: "reload puts traps, groups and policers back to their defaults",
      step: "dev.reload",
      channel: "notify",
    },
  },
  {
    bug: "the region is kept over reload: its DEL and NEW are missing",
    edits: [
      {
        file: "dev.c",
        within: CREATE,
        find: `	err = nsim_dev_dummy_region_init(nsim_dev, devlink);
	if (err)
		return err;
`,
        put: "",
      },
      { file: "dev.c", within: DESTROY, find: "	nsim_dev_dummy_region_exit(nsim_dev);\n", put: "" },
      {
        file: "dev.c",
        within: REMOVE,
        find: "	nsim_dev_reload_destroy(nsim_dev);\n",
        put: "	nsim_dev_reload_destroy(nsim_dev);\n	nsim_dev_dummy_region_exit(nsim_dev);\n",
      },
    ],
    found: {
      suite: "reload",
      sequence: "a plain reload announces every object in its order",
      step: "dev.reload",
      channel: "notify",
    },
  },
  {
    bug: "two policers are announced in the wrong order",
    edits: [{
      file: "dev.c",
      find: `	NSIM_TRAP_POLICER(1, 1000, 128),
	NSIM_TRAP_POLICER(2, 2000, 256),`,
      put: `	NSIM_TRAP_POLICER(2, 2000, 256),
	NSIM_TRAP_POLICER(1, 1000, 128),`,
    }],
    found: {
      suite: "reload",
      sequence: "a plain reload announces every object in its order",
      step: "file.write",
      channel: "notify",
    },
  },
  {
    bug: "a failed reload returns the wrong errno",
    edits: [{
      file: "dev.c",
      find: `"User setup the reload to fail for testing purposes");
		return -EINVAL;`,
      put: `"User setup the reload to fail for testing purposes");
		return -EIO;`,
    }],
    found: {
      suite: "reload",
      sequence: "a reload that fails on the way up leaves the instance torn down and failed",
      step: "dev.reload",
      channel: "result",
    },
  },
  {
    bug: "the text of an extack was changed",
    edits: [{
      file: "dev.c",
      find: "User forbid the reload for testing purposes",
      put: "User forbids the reload for testing purposes",
    }],
    found: {
      suite: "reload",
      sequence: "a reload that the driver forbids changes nothing",
      step: "dev.reload",
      channel: "extack",
    },
  },
  {
    bug: "the size of a resource is read and not applied",
    edits: [{
      file: "fib.c",
      find: `		if (err)
			val = (u64) -1;
		nsim_fib_set_max(`,
      put: `		val = (u64) -1;
		nsim_fib_set_max(`,
    }],
    found: {
      suite: "reload",
      sequence: "a resource size takes effect and is enforced",
      step: "route.add",
      channel: "result",
    },
  },
  {
    bug: "a reload that fails on the way up says that it succeeded: reload_failed is not set",
    edits: [{
      file: "dev.c",
      find: `"User setup the reload to fail for testing purposes");
		return -EINVAL;`,
      put: `"User setup the reload to fail for testing purposes");
		*actions_performed = BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
		return 0;`,
    }],
    found: {
      suite: "reload",
      sequence: "a reload that fails on the way up leaves the instance torn down and failed",
      step: "dev.reload",
      channel: "result",
    },
  },
  {
    bug: "reload does not read the driverinit value of max_macs",
    edits: [{
      file: "dev.c",
      find: "		nsim_dev->max_macs = saved_value.vu32;",
      put: "		err = 0;",
    }],
    found: {
      suite: "reload",
      sequence: "driverinit params take effect",
      step: "file.read",
      channel: "sysfs",
    },
  },
  {
    bug: "each packet is reported twice",
    edits: [{
      file: "dev.c",
      find: `		consume_skb(skb);
	}`,
      put: `		devlink_trap_report(devlink, skb, nsim_trap_item->trap_ctx,
				    &nsim_dev_port->devlink_port, NULL);
		consume_skb(skb);
	}`,
    }],
    found: { suite: "trap", sequence: "packets are counted while a port is up", step: "trap.show", channel: "reply" },
  },
];

/** A copy of the driver's source with the bug in it. */
async function planted(plant: Plant, kernel: "6.1" | "6.12"): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "twinlink-planted-" });
  const source = await netdevsimSource(kernel);
  for await (const entry of Deno.readDir(source)) {
    if (entry.isFile) await Deno.copyFile(`${source}/${entry.name}`, `${dir}/${entry.name}`);
  }
  for (const { file, within, find, put } of plant.edits) {
    const text = await Deno.readTextFile(`${dir}/${file}`);
    // A declaration may come before the definition.
    const from = within === undefined ? 0 : text.lastIndexOf(within);
    const to = within === undefined ? text.length : text.indexOf("\n}\n", from) + 1;
    const place = text.slice(from, to);
    assertEquals([from >= 0, place.split(find).length - 1], [true, 1], `${plant.bug}: the place to edit is in ${file}`);
    await Deno.writeTextFile(`${dir}/${file}`, text.slice(0, from) + place.replace(find, () => put) + text.slice(to));
  }
  return dir;
}

/** The first channel that does not agree, in the order of the run. */
function firstFinding({ results }: BoardResult) {
  for (const { verdict } of results) {
    for (const step of verdict.steps) {
      for (const { channel, verdict: of } of step.channels) {
        if (of === "diverge" || of === "crash") {
          return { suite: verdict.suite, sequence: verdict.sequence, step: step.op.kind, channel };
        }
      }
    }
  }
}

for (const plant of PLANTS) {
  await kernelTest("6.12", `planted on 6.12: ${plant.bug}`, async () => {
    const board = await loadBoard("qemu-6.12");
    const dir = await planted(plant, "6.12");
    try {
      const [suite] = await loadSuites([plant.found.suite]);
      const [result] = await orchestrate([{ ...board, qemu: { ...board.qemu!, moduleSource: dir } }], [suite!], {
        filter: (_, sequence) => sequence.name === plant.found.sequence,
      });
      assert(result && !result.infra, `the board can be used: ${result?.infra?.message}`);
      assertEquals(firstFinding(result), plant.found);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}
