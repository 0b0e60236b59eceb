/**
 * The operations that read, write and remove files: of sysfs, debugfs, `/run` and firmware.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { FIRMWARE } from "./devlink/flash.ts";
import { reasonOf } from "./file_gaps.ts";
import { ModelGap } from "./gap.ts";
import type { VirtualFile } from "./kernel/host.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { netdevFile } from "./net/netdev.ts";
import type { Netns } from "./net/netns.ts";
import type { Result } from "./observation.ts";
import { pause } from "./kernel/task.ts";
import { type Found, lookUp } from "./kernel/tree.ts";
import { sysfsTree } from "./tree.ts";

const DEBUGFS = "/sys/kernel/debug/";

/** The kinds of {@linkcode FILE_COMMANDS}. */
export type FileKind = "file.write" | "file.read" | "file.remove";

/** The operations on files. */
export const FILE_COMMANDS: { readonly [K in FileKind]: Command<K> } = {
  *"file.write"({ kernel, task, netns }, { path, value, bare }) {
    if (isPlain(kernel, path)) {
      kernel.runFiles.set(path, value);
      return "ok";
    }
    const file = resolve(kernel, netns, path);
    if (!file) return missing(kernel, netns, path);
    if (!file.write) return denied(kernel, netns, path, "write");
    if (file.gone) {
      // The name was looked up, and the file is not open yet
      yield* pause(task, `${path}, by its name`);
      if (file.gone()) return "ENOENT";
    }
    // The file is open, and the write has not begun yet
    yield* pause(task, path);
    task.acknowledged = false;
    // Without any text there is no write(2)
    if (bare && value === "") return "ok";
    return yield* file.write(task, value.replace(/\n$/, ""), netns, bare && !value.endsWith("\n"));
  },

  *"file.read"({ kernel, task, netns }, { path }) {
    const plain = kernel.runFiles.get(path);
    if (plain === undefined && isPlain(kernel, path)) return "ENOENT";
    const file: VirtualFile | undefined = plain === undefined
      ? resolve(kernel, netns, path)
      : { read: () => ({ text: plain }) };
    if (!file) return isDirectory(kernel, netns, path) ? "EISDIR" : "ENOENT";
    if (!file.read) return denied(kernel, netns, path, "read");
    const read = file.read(task);
    const content = "next" in read ? yield* read : read;
    if ("errno" in content) return content.errno;
    task.observation.sysfs = content.text;
    return "ok";
  },

  // deno-lint-ignore require-yield
  *"file.remove"({ kernel }, { path }) {
    if (!isPlain(kernel, path)) throw new ModelGap(path, reasonOf(path));
    // rm(1) -f succeeds for a missing file
    kernel.runFiles.delete(path);
    return "ok";
  },
};

/** True for the path of a plain text file: in `/run`, or firmware. */
const isPlain = (kernel: Kernel, path: string) =>
  (path.startsWith("/run/") || path.startsWith(FIRMWARE)) && !isNetns(kernel, path);

/** True for the path of a file that keeps a netns alive. */
const isNetns = (kernel: Kernel, path: string) =>
  path.startsWith("/run/netns/") && kernel.netns.has(path.slice("/run/netns/".length));

/**
 * Returns the error of a file that cannot be written or read: sysfs checks the mode at the open, debugfs asks the file's attribute
 * (fs/libfs.c, simple_attr_write()).
 */
function denied(kernel: Kernel, netns: Netns, path: string, to: "read" | "write"): Result {
  const found = look(kernel, netns, path);
  const mode = typeof found !== "string" && found.node.type === "file" ? found.node.mode : 0;
  if ((mode & (to === "read" ? 0o444 : 0o222)) !== 0) throw new ModelGap(path, reasonOf(path));
  return to === "read" && path.startsWith(DEBUGFS) ? "EINVAL" : "EACCES";
}

/** Returns the file at a path; undefined if there is no file. Throws a {@linkcode ModelGap} if the model does not know. */
function resolve(kernel: Kernel, netns: Netns, path: string): VirtualFile | undefined {
  const own = ownFile(kernel, netns, path);
  if (own) return own;
  if (isOwnDirectory(kernel, netns, path)) return undefined;
  const found = look(kernel, netns, path);
  if (found === "unknown") throw new ModelGap(path, reasonOf(path));
  if (found === "absent" || found.node.type !== "file") return undefined;
  const { path: real, node: { mode, text } } = found;
  const known = real === path ? undefined : ownFile(kernel, netns, real);
  if (known) return known;
  const gap = () => {
    throw new ModelGap(path, reasonOf(real));
  };
  const reads = (mode & 0o444) !== 0;
  // A file of debugfs that cannot be written has its own error for a write
  const writes = (mode & 0o222) !== 0 || real.startsWith(DEBUGFS);
  return {
    ...(reads ? { read: text === undefined ? gap : () => ({ text }) } : {}),
    ...(writes ? { write: gap } : {}),
  };
}

/** True if a path is in debugfs and debugfs is not mounted: `ip netns exec` mounts a new sysfs for the netns, without debugfs. */
const isUnmounted = (kernel: Kernel, netns: Netns, path: string) => netns !== kernel.init && path.startsWith(DEBUGFS);

const isOwnDirectory = (kernel: Kernel, netns: Netns, path: string) =>
  !isUnmounted(kernel, netns, path) && kernel.owners.some((owner) => owner.directory(path));

/** Returns the file if an owner in the model answers a read or a write of it. */
function ownFile(kernel: Kernel, netns: Netns, path: string): VirtualFile | undefined {
  if (isUnmounted(kernel, netns, path)) return undefined;
  for (const owner of kernel.owners) {
    const file = owner.resolve(path);
    if (file) return file;
  }
  return netdevFile(kernel, path, netns);
}

function look(kernel: Kernel, netns: Netns, path: string): Found {
  return path === "/sys" || path.startsWith("/sys/") ? lookUp(sysfsTree(kernel, netns), path, true) : "unknown";
}

function isDirectory(kernel: Kernel, netns: Netns, path: string): boolean {
  if (isOwnDirectory(kernel, netns, path)) return true;
  const found = look(kernel, netns, path);
  return typeof found !== "string" && found.node.type === "dir";
}

/** Returns the errno of opening a missing file for a write: it cannot be created in sysfs or debugfs. */
function missing(kernel: Kernel, netns: Netns, path: string): Result {
  if (isDirectory(kernel, netns, path)) return "EISDIR";
  return isDirectory(kernel, netns, path.slice(0, path.lastIndexOf("/"))) ? "EACCES" : "ENOENT";
}
