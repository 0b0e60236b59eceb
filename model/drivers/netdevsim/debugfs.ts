/**
 * The files of a netdevsim device in debugfs (docs/semantics.md 4.6).
 *
 * @module
 */

import { findReporter, reportError } from "../../devlink/health.ts";
import { freeSnapshotId, putSnapshotId, storeSnapshot } from "../../devlink/region.ts";
import type { FileUsers } from "../../kernel/file_users.ts";
import { ModelGap } from "../../gap.ts";
import type { VirtualFile } from "../../kernel/host.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { writing } from "../../kernel/access.ts";
import { acquire, pause, type Steps, type Task } from "../../kernel/task.ts";
import { KNOBS, MOST_VF_CONFIGS, PART_KNOBS } from "./data.ts";
import { netdevsimEra } from "./era.ts";
import type { Netdevsim, NetdevsimDevice } from "./netdevsim.ts";
import { kstrtobool, unsigned } from "./scan.ts";

const PAGE_SIZE = 4096;

/** Returns a file below the directory of a device in debugfs; undefined if there is no such file. */
export function debugfsFile(kernel: Kernel, device: NetdevsimDevice, path: string): VirtualFile | undefined {
  // The users of the present file: the file may be recreated
  const users = device.data?.filesOf(path);
  const file = users && !users.gone ? fileOf(kernel, device, path, users) : undefined;
  // full_proxy_open() of fs/debugfs/file.c
  return file && { ...file, gone: () => users!.gone };
}

function fileOf(
  kernel: Kernel,
  device: NetdevsimDevice,
  path: string,
  users: FileUsers,
): VirtualFile | undefined {
  const driver = device.data;
  if (!driver) return undefined;
  if (driver.knobs.has(path)) {
    const { type, gap } = KNOB_TYPES.get(path)!;
    return {
      read: () => {
        const value = driver.knobs.get(path)!;
        return { text: type === "bool" ? (value ? "Y" : "N") : String(value) };
      },
      write: (task, value) => {
        if (gap && driver.knobs.get(gap.beside) === true && kstrtobool(value, kernel.era)) {
          throw new ModelGap(`${path} set beside ${gap.beside}`, gap.why);
        }
        return users.enter(task, () => setKnob(driver, path, type, value));
      },
    };
  }
  const file = driver.ports.file(path, (inner) => debugfsFile(kernel, device, inner));
  if (file) return file;
  switch (path) {
    case "take_snapshot":
      return driver.dl.reloadFailed ? undefined : {
        write: (task) => users.enter(task, () => takeSnapshot(task, driver)),
      };
    case "health/break_health":
      return driver.dl.reloadFailed ? undefined : {
        write: (task, value) => users.enter(task, () => breakHealth(task, driver, value)),
      };
    case "max_vfs":
      return netdevsimEra(kernel.era).lacks.has("max_vfs") ? undefined : {
        read: () => ({ text: String(device.maxVfs) }),
        write: (task, value, _netns, bare) =>
          users.enter(task, () => setMaxVfs(task, device, value, value.length + (bare ? 0 : 1))),
      };
    case "trap_flow_action_cookie":
      return {
        read: () => driver.cookie === undefined ? { errno: "EINVAL" } : { text: driver.cookie },
        // The kernel drops the last byte, which it assumes to be the newline
        write: (_task, value, _netns, bare) => setCookie(driver, bare ? value.slice(0, -1) : value),
      };
  }
  return undefined;
}

/** True if a path below the device's directory of debugfs is a directory, too. */
export function debugfsDirectory(kernel: Kernel, device: NetdevsimDevice, path: string | undefined): boolean {
  const driver = device.data;
  if (!driver) return false;
  if (path === undefined) return true;
  if (netdevsimEra(kernel.era).lacks.has(path.split("/")[0]!)) return false;
  if (path === "health") return !driver.dl.reloadFailed && !driver.filesOf("health/").gone;
  if (path === "fib") return !driver.dl.reloadFailed;
  return driver.ports.directory(path, (inner) => debugfsDirectory(kernel, device, inner));
}

const KNOB_TYPES = new Map([...KNOBS, ...PART_KNOBS].map((knob) => [knob.path, knob]));

// deno-lint-ignore require-yield
function* setKnob(driver: Netdevsim, path: string, type: "bool" | "u32", value: string): Steps<string> {
  if (type === "bool") {
    const bool = kstrtobool(value, driver.dl.kernel.era);
    if (bool !== undefined) driver.knobs.set(path, bool);
    if (path === "fib/fail_route_delete" && bool !== undefined) {
      driver.dl.kernel.routeKeepers[bool ? "add" : "delete"](driver);
    }
    // The model does not record which routes are added from now on
    if (bool && path === "fib/fail_route_offload") driver.dl.netns.offloadsSome = true;
    return "ok";
  }
  // debugfs parses 64 bits and stores 32 (fs/libfs.c, simple_attr_write)
  const number = unsigned(value);
  if (typeof number === "string") return number;
  driver.knobs.set(path, Number(BigInt.asUintN(32, number)));
  return "ok";
}

/** Sets the cookie: two hexadecimal digits for each byte. */
// deno-lint-ignore require-yield
function* setCookie(driver: Netdevsim, value: string): Steps<string> {
  if (!/^([0-9a-fA-F]{2})*$/.test(value)) return "EINVAL";
  driver.cookie = value.toLowerCase();
  return "ok";
}

/** A write to `max_vfs` has to be shorter than this, with the newline. */
const MAX_VFS_LENGTH = 10;
function* setMaxVfs(task: Task, device: NetdevsimDevice, value: string, length: number): Steps<string> {
  if (length >= MAX_VFS_LENGTH) return "ENOSPC";
  if (!/^\+?\d+$/.test(value)) return "EINVAL";
  const count = Number(value);
  if (count > MOST_VF_CONFIGS) return "ENOMEM";
  const { dl, ports } = device.data!;
  yield* acquire(task, dl.lock);
  const busy = device.numVfs > 0;
  if (!busy) {
    device.maxVfs = count;
    ports.rates.forgetVfs();
  }
  dl.lock.release(task);
  return busy ? "EBUSY" : "ok";
}

function* takeSnapshot(task: Task, driver: Netdevsim): Steps<string> {
  const { dl } = driver;
  const locks = dl.kernel.era.locks.registration === "takes";
  if (locks) yield* acquire(task, dl.lock);
  // From 6.0 on the region's own lock protects its snapshots; a task never waits while it holds that lock
  else writing(dl.lock.cell);
  // First the id is taken, with its own reference, and then the snapshot: other tasks can run in between
  const id = freeSnapshotId(dl);
  dl.snapshotIds.set(id, 1);
  if (locks) {
    dl.lock.release(task);
    yield* acquire(task, dl.lock);
  } else {
    yield* pause(task, `snapshot ${id}`);
    writing(dl.lock.cell);
  }
  const region = dl.regions[0];
  const result = region ? storeSnapshot(task, dl, region, id) : "ENOENT";
  putSnapshotId(dl, id);
  if (locks) dl.lock.release(task);
  if (result !== "ok") task.log("info", "Failed to create region snapshot");
  return result;
}

function* breakHealth(task: Task, driver: Netdevsim, value: string): Steps<string> {
  if (new TextEncoder().encode(value).length >= PAGE_SIZE) return "EINVAL";
  const reporter = findReporter(driver.dl, "dummy");
  return reporter ? yield* reportError(task, driver.dl, reporter, value) : "ENOENT";
}
