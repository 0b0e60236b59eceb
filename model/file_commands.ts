/**
 * Files that operations read, write and remove: sysfs, debugfs, `/run` and firmware.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { FIRMWARE } from "./devlink/flash.ts";
import type { Kernel } from "./kernel.ts";
import { netdevFile } from "./netdev.ts";
import type { Netns } from "./netns.ts";
import type { Result } from "./observation.ts";
import { pause } from "./task.ts";

/** The kinds of operations on files. */
export type FileKind = "file.write" | "file.read" | "file.remove";

/** The operations on files. */
export const FILE_COMMANDS: { readonly [K in FileKind]: Command<K> } = {
  *"file.write"({ kernel, task, netns }, { path, value }) {
    if (path.startsWith("/run/") || path.startsWith(FIRMWARE)) {
      kernel.runFiles.set(path, value);
      return "ok";
    }
    const file = resolve(kernel, netns, path);
    if (!file) return missing(kernel, netns, path);
    if (!file.write) return "EACCES";
    if (file.gone) {
      // Its name was looked up, and it is not open yet
      yield* pause(task, `${path}, by its name`);
      if (file.gone()) return "ENOENT";
    }
    // It was opened, and is not written to yet
    yield* pause(task, path);
    task.acknowledged = false;
    return yield* file.write(task, value.replace(/\n$/, ""), netns);
  },

  *"file.read"({ kernel, task, netns }, { path }) {
    const plain = kernel.runFiles.get(path);
    const file = plain === undefined ? resolve(kernel, netns, path) : { read: () => ({ text: plain }) };
    if (!file) return kernel.owners.some((owner) => owner.directory(path)) ? "EISDIR" : "ENOENT";
    if (!file.read) return path.startsWith("/sys/kernel/debug/") ? "EINVAL" : "EACCES";
    const read = file.read(task);
    const content = "next" in read ? yield* read : read;
    if ("errno" in content) return content.errno;
    task.observation.sysfs = content.text;
    return "ok";
  },

  // deno-lint-ignore require-yield
  *"file.remove"({ kernel }, { path }) {
    // rm(1) -f: what is not there is removed already
    kernel.runFiles.delete(path);
    return "ok";
  },
};

function resolve(kernel: Kernel, netns: Netns, path: string) {
  // `ip netns exec` mounts a sysfs of that netns, without debugfs on it
  if (netns !== kernel.init && path.startsWith("/sys/kernel/debug/")) return undefined;
  for (const owner of kernel.owners) {
    const file = owner.resolve(path);
    if (file) return file;
  }
  return netdevFile(kernel, path, netns);
}

/** A file that is not there cannot be made in sysfs or debugfs; which errno says so depends on its directory. */
function missing(kernel: Kernel, netns: Netns, path: string): Result {
  if (kernel.owners.some((owner) => owner.directory(path))) return "EISDIR";
  const directory = path.slice(0, path.lastIndexOf("/"));
  if (netns !== kernel.init && path.startsWith("/sys/kernel/debug/")) return "ENOENT";
  return kernel.owners.some((owner) => owner.directory(directory)) ? "EACCES" : "ENOENT";
}
