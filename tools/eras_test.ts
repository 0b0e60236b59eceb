/** Every list of eras or kernels in the tree: derived from the list of `model/era`, so that each has every booted era. */

import { assert, assertEquals } from "@std/assert";
import { BOARD_ERAS, listBoards, SHIPPED_BOARDS } from "../boards/mod.ts";
import { boardJsonSchema } from "../boards/schema.ts";
import { call } from "../cli/in_process.ts";
import { KERNELS } from "../fixtures/qemu/kernels.ts";
import { netdevsimEra } from "../model/drivers/netdevsim/era.ts";
import { BOOTED_ERAS, ERA_IDS, type EraId, ERAS, PROGRAMS } from "../model/mod.ts";
import { buildOf } from "../shell/releases.ts";
import { shippedTrace } from "./agreement.ts";
import { RECORDINGS } from "./record_all.ts";

const ROOT = new URL("../", import.meta.url);
const text = (path: string) => Deno.readTextFile(new URL(path, ROOT));
const has = (page: string, id: string) => new RegExp(`(?<![\\d.])${RegExp.escape(id)}(?!\\.?\\d)`).test(page);

Deno.test("boards: each booted era has a board that boots it and a recording; a file can force every era", async () => {
  assertEquals<readonly string[]>(BOARD_ERAS, ["auto", ...ERA_IDS]);
  const boards = await listBoards();
  for (const id of BOOTED_ERAS) {
    const booted = boards.find(({ name }) => name === `qemu-${id}`);
    assertEquals(booted?.qemu?.kernel, id);
    const recorded = boards.find(({ name }) => name === `recording-${id}`);
    assertEquals([recorded?.runner, recorded?.era], ["recording", id]);
    for (const [ending, modules] of [["", undefined], ["-rdma", ["mlx5_ib"]]] as const) {
      const { qemu } = boards.find((board) => board.name === `qemu-connectx-${id}${ending}`) ?? {};
      assertEquals([qemu?.kernel, qemu?.device, qemu?.modules], [id, "connectx", modules]);
    }
    const { qemu } = boards.find(({ name }) => name === `qemu-spectrum-${id}`) ?? {};
    assertEquals(qemu && [qemu.kernel, qemu.device], id === "5.10" ? undefined : [id, "spectrum"]);
    for (const [ending, options] of [["", undefined], ["-rgmii", { interface: "rgmii" }]] as const) {
      const { qemu } = boards.find((board) => board.name === `qemu-mgbe-${id}${ending}`) ?? {};
      assertEquals([qemu?.kernel, qemu?.device, qemu?.mgbe], [id, "mgbe", options]);
    }
    if (!ERAS[id].phylink.selects) continue;
    for (const name of [`qemu-${id}-slub`, `qemu-mgbe-${id}-slub`]) {
      const { qemu } = boards.find((board) => board.name === name) ?? {};
      assertEquals([qemu?.kernel, qemu?.cmdline], [id, "slub_debug=FZPU"]);
    }
  }
  assertEquals(new Set(SHIPPED_BOARDS).size, SHIPPED_BOARDS.length);
  const { properties } = JSON.parse(boardJsonSchema());
  assertEquals(properties.era.enum, ["auto", ...ERA_IDS]);
  assertEquals(properties.qemu.properties.kernel.enum, Object.keys(KERNELS));
});

Deno.test("kernels: each booted era is one, and a build with a debug config is of a booted era", () => {
  for (const id of BOOTED_ERAS) assert(KERNELS[id].suites.length > 0 && KERNELS[id].binaries.length > 0, id);
  for (const [id, { builtFrom }] of Object.entries(KERNELS)) {
    assert((BOOTED_ERAS as readonly string[]).includes(builtFrom ?? id), id);
  }
});

Deno.test("the shell: every era shows the release of the booted kernel that is nearest, and its netdevsim", () => {
  for (const id of ERA_IDS) {
    const { era, facts } = buildOf(id, "debian");
    assertEquals([era.id, facts.release], [id, PROGRAMS[ERAS[id].nearest].release]);
    assertEquals(facts.modules[0], ["netdevsim", netdevsimEra(ERAS[era.nearest]).moduleSize]);
    const lacks = netdevsimEra(buildOf(id, "debug").era).lacks;
    assertEquals([...lacks.difference(netdevsimEra(ERAS[id]).lacks)].sort(), ["ipsec", "module", "power"]);
  }
});

Deno.test("netdevsim: an era that it does not name has what its parent has", () => {
  assertEquals(netdevsimEra(ERAS["5.18"]), netdevsimEra(ERAS["5.16"]));
  assertEquals(netdevsimEra(ERAS["6.3"]), netdevsimEra(ERAS["6.1"]));
  assertEquals([...netdevsimEra(ERAS["7.2"]).lacks], ["udp_ports_sleep"]);
  assertEquals([...netdevsimEra(ERAS["7.3"]).lacks].sort(), ["max_vfs", "udp_ports_sleep"]);
});

Deno.test("recordings: every booted era is recorded, and what is recorded has its file", async () => {
  for (const id of BOOTED_ERAS) assertEquals(RECORDINGS[id]?.board, `qemu-${id}`);
  for (const [name, { board }] of Object.entries(RECORDINGS)) {
    assert(SHIPPED_BOARDS.includes(board), board);
    assert((await Deno.stat(shippedTrace(name))).isFile, name);
  }
});

Deno.test("commands: --era of run and of shell takes every era", async () => {
  for (const command of ["run", "shell"]) {
    const { stdout } = await call([command, "--help"]);
    assertEquals(ERA_IDS.filter((id) => !has(stdout, id)), [], command);
  }
});

Deno.test("pages: README.md, docs/semantics.md and docs/coverage.md name the eras", async () => {
  const missing = async (path: string, ids: readonly EraId[]) => {
    const page = await text(path);
    return ids.filter((id) => !has(page, id));
  };
  assertEquals(await missing("README.md", ERA_IDS), []);
  assertEquals(await missing("docs/semantics.md", ERA_IDS), []);
  assertEquals(await missing("docs/coverage.md", BOOTED_ERAS), []);
});
