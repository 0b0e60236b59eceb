/**
 * Trees of files: directories and what is in them, how a driver writes down its own, and how a path is looked up in them.
 *
 * @module
 */

/** A directory. */
export interface TreeDirectory {
  /** What it is */
  readonly type: "dir";
  /** Its permissions, for example 0o755 */
  readonly mode: number;
  /**
   * What else a kernel has in it. `false`: nothing. `true`: other files, so that a missing name and a list of names are unknown.
   * `listed`: files of other subsystems, which a list of names leaves out
   */
  readonly partial: boolean | "listed";
  /** What is in it, by name */
  readonly entries: () => ReadonlyMap<string, TreeNode>;
  /** Names that a kernel does not have in it; matters only in a partial directory */
  readonly absent: () => ReadonlySet<string>;
}

/** A symbolic link. */
export interface TreeLink {
  /** What it is */
  readonly type: "link";
  /** The target of the link */
  readonly target: string;
}

/** A file. */
export interface TreeFile {
  /** What it is */
  readonly type: "file";
  /** Its permissions, for example 0o644 */
  readonly mode: number;
  /** Its size in stat(2): a page in sysfs, 0 in debugfs */
  readonly size: number;
  /** Its text, if no part of the model reads or writes it; undefined if a part does */
  readonly text?: string;
}

/** What a path can be. */
export type TreeNode = TreeDirectory | TreeLink | TreeFile;

/** How a tree is written down: a directory, the mode of a file, or a file that holds a text; undefined is known not to be there. */
export type Sketch = { readonly [name: string]: Sketch | TreeNode | number | string | undefined };

/** The permissions of a file that is read and written, only read, or only written by root. */
export const RW = 0o600;
/** Only read. */
export const RO = 0o400;
/** Only written. */
export const WO = 0o200;

/** The size of a file in sysfs, in bytes. */
export const PAGE = 4096;

/** Returns a directory; `size` is the size of its files. */
export function directory(
  sketch: () => Sketch,
  size: number,
  { mode = 0o755, partial = false }: Partial<Pick<TreeDirectory, "mode" | "partial">> = {},
): TreeDirectory {
  return {
    type: "dir",
    mode,
    partial,
    absent: () => new Set(Object.entries(sketch()).flatMap(([name, each]) => each === undefined ? [name] : [])),
    entries: () => {
      const result = new Map<string, TreeNode>();
      for (const [name, each] of Object.entries(sketch())) {
        if (each === undefined) continue;
        if (typeof each === "number") result.set(name, { type: "file", mode: each, size });
        else if (typeof each === "string") result.set(name, { type: "file", mode: RW, size, text: each });
        else if ("type" in each && typeof each.type === "string") result.set(name, each as TreeNode);
        else result.set(name, directory(() => each as Sketch, size));
      }
      return result;
    },
  };
}

/** Returns a symbolic link. */
export const link = (target: string): TreeLink => ({ type: "link", target });
/** Returns a file of sysfs that holds a text. */
export const attribute = (text: string, mode = 0o444): TreeFile => ({ type: "file", mode, size: PAGE, text });
/** Returns a directory of sysfs. */
export const sysfs = (sketch: () => Sketch): TreeDirectory => directory(sketch, PAGE);
/** Returns a directory of debugfs. */
export const debugfs = (sketch: () => Sketch): TreeDirectory => directory(sketch, 0);
/** Returns a directory of sysfs in which a kernel has more than the sketch. */
export const partOf = (sketch: () => Sketch): TreeDirectory => directory(sketch, PAGE, { partial: true });

/** What a path turned out to be: `absent` where nothing is there, `unknown` in a partial directory. */
export type Found = { node: TreeNode; path: string } | "absent" | "unknown";

/** The most links that are followed on the way to a file, as the kernel has it. */
const MOST_LINKS = 40;

/**
 * Looks a path below `/sys` up.
 *
 * @param root The directory `/sys`
 * @param follow Whether links are followed; the last part of the path, too
 */
export function lookUp(root: TreeDirectory, path: string, follow: boolean): Found {
  const left = path.split("/").slice(2);
  let links = 0;
  const way: [name: string, node: TreeNode][] = [["sys", root]];
  while (left.length > 0) {
    const part = left.shift()!;
    if (part === "" || part === ".") continue;
    const [, at] = way.at(-1)!;
    if (at.type !== "dir") return "absent";
    if (part === "..") {
      if (way.length > 1) way.pop();
      continue;
    }
    const node = at.entries().get(part);
    if (!node) return at.partial && !at.absent().has(part) ? "unknown" : "absent";
    if (node.type === "link" && follow) {
      if (++links > MOST_LINKS) return "absent";
      left.unshift(...node.target.split("/"));
    } else way.push([part, node]);
  }
  return { node: way.at(-1)![1], path: `/${way.map(([name]) => name).join("/")}` };
}
