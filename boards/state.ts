/**
 * Where this user's runs keep what outlives them: `$XDG_STATE_HOME/twinlink` or `~/.local/state/twinlink`.
 *
 * | path | holds |
 * | --- | --- |
 * | `runs/<time>-<id>/` | the journal of a run |
 * | `boards/<board>/lease.json` | who uses the board; empty where nobody does |
 * | `boards/<board>/dirty.json` | what could not be undone on it |
 *
 * @module
 */

/**
 * The folder of all of it; it need not be there yet.
 *
 * @throws {TypeError} If neither `XDG_STATE_HOME` nor `HOME` is set
 */
export function stateFolder(): string {
  const xdg = Deno.env.get("XDG_STATE_HOME");
  // The XDG base directory specification has relative paths ignored.
  if (xdg?.startsWith("/")) return `${xdg}/twinlink`;
  const home = Deno.env.get("HOME");
  if (!home) throw new TypeError("Cannot keep state: neither XDG_STATE_HOME nor HOME is set");
  return `${home}/.local/state/twinlink`;
}

/** The folder of one board, by the name in its file, which has letters, digits and `. _ -` only. */
export function boardStateFolder(name: string): string {
  return `${stateFolder()}/boards/${name}`;
}
