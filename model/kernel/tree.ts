/**
 * Trees of files: directories and their entries, how a driver declares its own tree, and the lookup of a path.
 *
 * @module
 */

/** A directory. */
export interface TreeDirectory {
  /** The kind of the node */
  readonly type: "dir";
  /** Its permissions, for example 0o755 */
  readonly mode: number;
  /**
   * What else a kernel has in the directory. `false`: nothing. `true`: other files, so that a missing name and a list of names are
   * unknown.
   * `listed`: files of other subsystems, which a list of names leaves out
   */
  readonly partial: boolean | "listed";
  /** The entries of the directory, by name */
  readonly entries: () => ReadonlyMap<string, TreeNode>;
  /** Names that a kernel does not have in the directory; matters only in a partial directory */
  readonly absent: () => ReadonlySet<string>;
}

/** A symbolic link. */
export interface TreeLink {
  /** The kind of the node */
  readonly type: "link";
  /** The target of the link */
  readonly target: string;
}

/** A file. */
export interface TreeFile {
  /** The kind of the node */
  readonly type: "file";
  /** Its permissions, for example 0o644 */
  readonly mode: number;
  /** Its size in stat(2): a page in sysfs, 0 in debugfs */
  readonly size: number;
  /** The text of the file; undefined if a part of the model reads or writes the file */
  readonly text?: string;
}

/** The node at a path. */
export type TreeNode = TreeDirectory | TreeLink | TreeFile;

/** A short form of a tree. By name: a directory, the mode of a file, or the text of a file; undefined: the name does not exist. */
export type Sketch = { readonly [name: string]: Sketch | TreeNode | number | string | undefined };

/** The permissions of a file that only root reads and writes. */
export const RW = 0o600;
/** The permissions of a file that only root reads. */
export const RO = 0o400;
/** The permissions of a file that only root writes. */
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

/** The result of a lookup: `absent` if the path does not exist, `unknown` if a partial directory may have it. */
export type Found = { node: TreeNode; path: string } | "absent" | "unknown";

/** The most symbolic links that a lookup follows, as in the kernel. */
const MOST_LINKS = 40;

/**
 * Looks up a path below `/sys`.
 *
 * @param root The directory `/sys`
 * @param follow True if links are followed, also at the last part of the path
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
