/** What {@linkcode assertSnapshot} takes. */
export interface SnapshotOptions<T = unknown> {
  dir?: string;
  path?: string;
  mode?: "assert" | "update";
  msg?: string;
  name?: string;
  serializer?: (actual: T) => string;
}
export function assertSnapshot<T>(
  context: Deno.TestContext,
  actual: T,
  options?: string | SnapshotOptions<T>,
): Promise<void>;
export function serialize(actual: unknown): string;
