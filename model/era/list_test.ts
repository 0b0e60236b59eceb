import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { Machine } from "../machine.ts";
import {
  BOOTED_ERAS,
  DEBIAN_KERNELS,
  DISTINCT_ERAS,
  ERA_FILES,
  ERA_IDS,
  type EraId,
  eraNote,
  eraOf,
  ERAS,
  KERNELS,
  nearestEra,
  NEWEST_ERA,
  PROGRAMS,
} from "./mod.ts";
import { changed } from "./list.ts";

const FOLDER = new URL("./", import.meta.url);

const before = ([aMajor, aMinor]: readonly [number, number], [bMajor, bMinor]: readonly [number, number]) =>
  aMajor < bMajor || aMajor === bMajor && aMinor < bMinor;
const releaseOf = (id: EraId) => id.split(".").map(Number) as [number, number];

Deno.test("every file of an era is in the list, under the id of its name", () => {
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).filter((name) => name.startsWith("linux_"));
  assertEquals(files.sort(), ERA_IDS.map((id) => `linux_${id.replace(".", "_")}.ts`).sort());
  for (const [id, era] of Object.entries(ERAS)) assertEquals(era.id, id);
});

Deno.test("the releases of the list are in order, and the id of each era is a release of the era", () => {
  for (const [i, id] of ERA_IDS.entries()) {
    const { parent, since } = ERA_FILES[id];
    assert(!before(releaseOf(id), since), `${id} is named by a release before ${since}`);
    assertEquals(eraOf(`${id}.0`).id, id);
    assertEquals(eraOf(`${since.join(".")}.0`).id, id);
    const next = ERA_IDS[i + 1];
    if (next) assert(before(since, ERA_FILES[next].since) && before(releaseOf(id), ERA_FILES[next].since), id);
    if (parent === null) assertEquals(i, 0, `${id} has no parent`);
    else assert(ERA_IDS.indexOf(parent) >= 0 && ERA_IDS.indexOf(parent) < i, `${id}: parent ${parent}`);
  }
});

Deno.test("an era's file names no value that equals its parent's value", () => {
  for (const id of ERA_IDS) {
    const { parent, differs } = ERA_FILES[id];
    if (parent === null) continue;
    for (const [key, value] of Object.entries(differs)) {
      const [own, theirs] = [ERAS[id], ERAS[parent]] as unknown as Record<string, unknown>[];
      assertNotEquals(own![key], theirs![key], `${id}: ${key}`);
      // An era may name a whole lock regime, which shares locks with the previous regime
      if (key === "locks" || typeof value !== "object" || Array.isArray(value) || value instanceof Set) continue;
      for (const inner of Object.keys(value as object)) {
        const [a, b] = [own![key], theirs![key]] as Record<string, unknown>[];
        assertNotEquals(a![inner], b![inner], `${id}: ${key}.${inner}`);
      }
    }
  }
});

Deno.test("differences: an object replaces the keys that it names, lists and sets are replaced whole", () => {
  const base = { a: 1, b: { c: 1, d: { e: 1 } }, f: [1, 2], g: new Set([1]), h: "x" as string | undefined };
  const result = changed(base, { b: { d: { i: 2 } }, f: [3], g: new Set([2]), h: undefined });
  assertEquals<unknown>(result, { a: 1, b: { c: 1, d: { i: 2 } }, f: [3], g: new Set([2]), h: undefined });
  assertEquals(base.b, { c: 1, d: { e: 1 } });
});

Deno.test("an era that was only read is between booted eras, and its nearest era is a booted one", () => {
  for (const id of ERA_IDS) {
    assertEquals(ERAS[id].booted, (BOOTED_ERAS as readonly EraId[]).includes(id));
    assertEquals(ERAS[ERAS[id].nearest].booted, true);
    if (ERAS[id].booted) assertEquals<EraId>(ERAS[id].nearest, id);
  }
  assertEquals<EraId>(NEWEST_ERA, ERA_IDS.findLast((id) => ERAS[id].booted)!);
});

Deno.test("a kernel release without an era of its own uses the nearest era", () => {
  for (const [i, id] of ERA_IDS.entries()) {
    const [major, minor] = ERA_FILES[id].since;
    const next = ERA_IDS[i + 1];
    const later = `${major}.${minor + 1}.7-vendor`;
    const isNext = next !== undefined && !before([major, minor + 1], ERA_FILES[next].since);
    assertEquals(eraOf(later).id, isNext ? next : id, later);
  }
  const newest = ERA_IDS.at(-1)!;
  const [major] = releaseOf(newest);
  for (const release of [`${major}.99.0`, `${major + 1}.0.0-rc1`]) {
    assertEquals(nearestEra(release).id, newest);
    assertEquals(
      eraNote(newest, release),
      `kernel ${release} judged by the model of ${newest} (nearest; never run)`,
    );
  }
  assertEquals(nearestEra("4.4.302").id, ERA_IDS[0]);
  assertThrows(() => eraOf("4.4.302"), RangeError, `it is older than ${ERA_IDS[0]}`);
  assertThrows(() => nearestEra("vendor"), RangeError, "it is not a kernel release");
});

Deno.test("each booted era has a Debian kernel, and the output of programs on it", () => {
  assertEquals<string[]>(Object.keys(KERNELS).slice(0, BOOTED_ERAS.length), [...BOOTED_ERAS]);
  const seen = new Set<string>();
  for (const id of BOOTED_ERAS) {
    assert(DEBIAN_KERNELS[id].suites.length > 0 && DEBIAN_KERNELS[id].packages.length > 0, id);
    const { release, version } = PROGRAMS[id];
    assertEquals(eraOf(release).id, id, release);
    assertMatch(version, /^#1 SMP .*Debian/);
    assert(!seen.has(release), `${id} shows the release of another era`);
    seen.add(release);
  }
});

Deno.test("an era that changes nothing in the core is not a distinct era", () => {
  for (const id of BOOTED_ERAS) {
    const { differs } = ERA_FILES[id];
    if (Object.keys(differs).length > 0) assert(DISTINCT_ERAS.includes(id), id);
  }
  assert(!DISTINCT_ERAS.includes("7.3"));
});

Deno.test("an errno of a reload's check is data of the era", () => {
  const plain = ERAS[NEWEST_ERA];
  const era = changed(plain, {
    reloadRefusals: { action: { errno: "EPERM", text: "Requested reload action is denied" } },
  });
  const refused = [plain, era].map((era) => {
    const machine = new Machine({ era });
    machine.perform({ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" });
    return machine.perform({ kind: "dev.reload", handle: "netdevsim/netdevsim10", action: "fw_activate" }).result;
  });
  assertEquals(refused, ["EOPNOTSUPP", "EPERM"]);
});

Deno.test("no file or type of an era names a driver that has its own folder", () => {
  const drivers = [...Deno.readDirSync(new URL("../drivers/", FOLDER))].filter(({ isDirectory }) => isDirectory)
    .map(({ name }) => name);
  assert(drivers.includes("netdevsim"));
  const wrong = [...Deno.readDirSync(FOLDER)].filter(({ name }) => !name.endsWith("_test.ts")).flatMap(({ name }) => {
    const text = Deno.readTextFileSync(new URL(name, FOLDER));
    return drivers.filter((driver) => new RegExp(`\\b${driver}`, "i").test(text)).map((driver) => `${name}: ${driver}`);
  });
  assertEquals(wrong, []);
});
