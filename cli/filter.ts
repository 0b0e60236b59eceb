/**
 * `--filter`: which sequences a command takes, by their names.
 *
 * @module
 */

/** Returns the name of a sequence as filters and reports have it: `reload > a plain reload`. */
export const fullName = ({ suite, sequence }: { suite: string; sequence: string }): string => `${suite} > ${sequence}`;

/** Returns a filter of this sequence alone. */
export const exactly = (sequence: { suite: string; sequence: string }): string => `=${fullName(sequence)}`;

/**
 * Returns whether a sequence is taken, by the filters that were given: it matches a filter without `!`, if there are any, and
 * no filter with `!`. A filter is `TEXT`, which the name holds, or `=NAME`, which is the whole name; in any case of letters.
 */
export function filterOf(filters: readonly string[]): (about: { suite: string; sequence: string }) => boolean {
  const matching = (filter: string) => {
    const text = filter.toLowerCase();
    return text.startsWith("=") ? (name: string) => name === text.slice(1) : (name: string) => name.includes(text);
  };
  const [out, of] = [true, false].map((excludes) =>
    filters.filter((filter) => filter.startsWith("!") === excludes).map((filter) => matching(filter.replace(/^!/, "")))
  ) as [((name: string) => boolean)[], ((name: string) => boolean)[]];
  return (about) => {
    const name = fullName(about).toLowerCase();
    return (of.length === 0 || of.some((matches) => matches(name))) && !out.some((matches) => matches(name));
  };
}
