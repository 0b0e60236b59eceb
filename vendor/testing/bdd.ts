/** `describe` and `it` on `Deno.test`: the part of `@std/testing/bdd` that this project uses. */

type Body = (t: Deno.TestContext) => void | Promise<void>;

interface Group {
  name: string;
  tests: { name: string; body: Body; ignore: boolean }[];
  groups: Group[];
  hooks: Record<"beforeAll" | "afterAll" | "beforeEach" | "afterEach", (() => void | Promise<void>)[]>;
}

const newGroup = (name: string): Group => ({
  name,
  tests: [],
  groups: [],
  hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
});

let current: Group | undefined;

async function runGroup(group: Group, t: Deno.TestContext, outer: Group[]): Promise<void> {
  const chain = [...outer, group];
  try {
    for (const hook of group.hooks.beforeAll) await hook();
    for (const { name, body, ignore } of group.tests) {
      await t.step({
        name,
        ignore,
        fn: async (t) => {
          for (const g of chain) for (const hook of g.hooks.beforeEach) await hook();
          try {
            await body(t);
          } finally {
            for (const g of chain.toReversed()) for (const hook of g.hooks.afterEach) await hook();
          }
        },
      });
    }
    for (const inner of group.groups) await t.step(inner.name, (t) => runGroup(inner, t, chain));
  } finally {
    for (const hook of group.hooks.afterAll) await hook();
  }
}

/** Groups tests: a test of its own on the outside, a step inside another. */
export function describe(name: string, body: () => void): void {
  const group = newGroup(name);
  const outer = current;
  current = group;
  try {
    body();
  } finally {
    current = outer;
  }
  if (outer) outer.groups.push(group);
  else Deno.test(name, (t) => runGroup(group, t, []));
}

function define(name: string, body: Body, ignore: boolean): void {
  if (current) current.tests.push({ name, body, ignore });
  else Deno.test({ name, ignore, fn: body });
}

/** A test, or a step of the {@linkcode describe} around it. */
export function it(name: string, body: Body): void {
  define(name, body, false);
}
it.ignore = (name: string, body: Body): void => define(name, body, true);

const hook = (kind: keyof Group["hooks"]) => (fn: () => void | Promise<void>): void => {
  if (!current) throw new TypeError(`Cannot call ${kind}() outside of describe()`);
  current.hooks[kind].push(fn);
};

/** Runs once before the tests of the group. */
export const beforeAll: (fn: () => void | Promise<void>) => void = hook("beforeAll");
/** Runs once after the tests of the group, whatever came of them. */
export const afterAll: (fn: () => void | Promise<void>) => void = hook("afterAll");
/** Runs before each test of the group and of those inside it. */
export const beforeEach: (fn: () => void | Promise<void>) => void = hook("beforeEach");
/** Runs after each test of the group and of those inside it. */
export const afterEach: (fn: () => void | Promise<void>) => void = hook("afterEach");
