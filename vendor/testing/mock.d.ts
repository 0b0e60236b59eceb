/** One recorded call of a spy. */
export interface SpyCall<Self, Args extends unknown[], Return> {
  args: Args;
  returned?: Return;
  error?: Error;
  self?: Self;
}
/** A function that records its calls. */
export interface Spy<Self, Args extends unknown[], Return> {
  (this: Self, ...args: Args): Return;
  original: (this: Self, ...args: Args) => Return;
  calls: SpyCall<Self, Args, Return>[];
  restored: boolean;
  restore(): void;
  [Symbol.dispose](): void;
}
export class MockError extends Error {}
// deno-lint-ignore no-explicit-any
type Fn = (...args: any[]) => any;
type Method<Self, Prop extends keyof Self> = Self[Prop] extends Fn ? Self[Prop]
  : never;
export function spy<Self, Args extends unknown[], Return>(
  func: (this: Self, ...args: Args) => Return,
): Spy<Self, Args, Return>;
export function spy(): Spy<unknown, unknown[], undefined>;
export function spy<Self, Prop extends keyof Self>(
  self: Self,
  property: Prop,
): Spy<
  Self,
  Parameters<Method<Self, Prop>>,
  ReturnType<Method<Self, Prop>>
>;
export function stub<Self, Prop extends keyof Self>(
  self: Self,
  property: Prop,
  func?: (
    this: Self,
    ...args: Parameters<Method<Self, Prop>>
  ) => ReturnType<Method<Self, Prop>>,
): Spy<
  Self,
  Parameters<Method<Self, Prop>>,
  ReturnType<Method<Self, Prop>>
>;
// deno-lint-ignore no-explicit-any
type AnySpy = Spy<any, any[], any>;
export function assertSpyCalls(spy: AnySpy, expectedCalls: number): void;
export function assertSpyCall(
  spy: AnySpy,
  callIndex: number,
  expected?: {
    args?: unknown[];
    self?: unknown;
    returned?: unknown;
    error?: { Class?: new (...args: never[]) => Error; msgIncludes?: string };
  },
): void;
export function assertSpyCallArgs(
  spy: AnySpy,
  callIndex: number,
  expected: unknown[],
): unknown[];
export function restore(id?: number): void;
