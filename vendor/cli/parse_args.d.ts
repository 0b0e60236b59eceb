/** What {@linkcode parseArgs} takes; see @std/cli. */
export interface ParseOptions {
  "--"?: boolean;
  alias?: Record<string, string | readonly string[]>;
  boolean?: boolean | string | readonly string[];
  string?: string | readonly string[];
  collect?: string | readonly string[];
  negatable?: string | readonly string[];
  default?: Record<string, unknown>;
  stopEarly?: boolean;
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}
/** Parsed arguments: `_` holds the positional ones. */
export interface Args {
  _: (string | number)[];
  "--"?: string[];
  [name: string]: unknown;
}
export function parseArgs(args: readonly string[], options?: ParseOptions): Args;
