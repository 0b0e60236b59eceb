/** Seed 003 on an emulated ConnectX: a netns ends with a function in it to which mlx5_ib is bound (docs/semantics.md D3, N05). */

import { assert, assertEquals } from "@std/assert";
import { kernelTest } from "../fixtures/qemu/testing.ts";
import { run } from "./child.ts";

/** Runs the three commands on a kernel's board, which must agree; returns the output. A starved guest gets a second try. */
async function shown(kernel: string): Promise<string> {
  const args = [
    "run",
    "mlx5_netns",
    "--board",
    `qemu-connectx-${kernel}-rdma`,
    "--filter",
    "mlx5_ib bound: add, move in, delete",
  ];
  for (let tries = 2;; tries--) {
    const { code, stdout, stderr } = await run(args);
    const said = `${stdout}${stderr}`;
    const starved = /^indeterminate /m.test(stdout) && said.includes("the board was starved of CPU time");
    if (!starved) assertEquals([code, /^agree /m.test(stdout)], [0, true], said);
    if (!starved || tries === 1) return stdout;
  }
}

const CYCLE = "netns.add waits for pernet_ops_rwsem, held by cleanup_net; " +
  "cleanup_net waits for pernet_ops_rwsem, which it holds itself";

for (const kernel of ["5.10", "6.1"] as const) {
  await kernelTest(kernel, `connectx: on ${kernel} the end of a netns hangs, as the model predicts`, async () => {
    const stdout = await shown(kernel);
    for (
      const text of [
        `step 5 hangs, as the model predicted: ${CYCLE}`,
        "unregister_netdevice_notifier <- mlx5_ib_roce_cleanup <- ",
        " <- devlink_pernet_pre_exit <- cleanup_net <- ",
      ]
    ) assert(stdout.includes(text), stdout);
  });
}

await kernelTest(
  "6.12",
  "connectx: on 6.12 the end of a netns with mlx5_ib bound hands the function back",
  async () => {
    const stdout = await shown("6.12");
    assertEquals(stdout.includes("hangs"), false, stdout);
  },
);
