/**
 * The files of the simulated machine: sysfs and debugfs are the model's, all other files are in memory.
 *
 * @module
 */

import { ModelGap } from "../model/gap.ts";
import { reasonOf } from "../model/file_gaps.ts";
import { lookUp, type TreeDirectory, type TreeNode } from "../model/kernel/tree.ts";
import { isPattern, matches } from "./pattern.ts";
import { DeviceFile, DEVICES, NetnsFile, SysfsFile, TextFile, UnreadableFile } from "./file_kinds.ts";
import type { OpenFile } from "./open_file.ts";
import type { Run } from "./run.ts";

/** The result of `stat(2)` on a path. */
export interface Stat {
  type: "dir" | "file" | "link" | "char";
  mode: number;
  size: number;
  /** The path to which a link points */
  target?: string;
  /** ms since 1970 */
  time: number;
  /** The path without links in it */
  path: string;
}

/** How a file is opened: to read, to overwrite, to append. */
export type OpenMode = "r" | "w" | "a";

/** The parts of the machine that the file system needs. */
export interface FileHost {
  /** `/sys` as a netns sees it */
  sysfs(netns: string): TreeDirectory;
  readSysfs(path: string, netns: string): { text: string } | { errno: string };
  writeSysfs(path: string, value: string, netns: string): Run<string>;
  /** Names under `/run/netns` */
  netns(): readonly string[];
  /** True if `/run/netns` exists: the first netns makes the folder, and it stays */
  netnsMade(): boolean;
  /** Called if a file below `/run/netns` or `/lib/firmware` was made or written; `text` is undefined if it was removed */
  runFile(path: string, text: string | undefined): void;
  /** True if there is a program at a path */
  program(path: string): boolean;
  /** The text of a file of `/proc`; undefined if it does not exist */
  proc(name: string): string | undefined;
  /** ms since 1970 */
  time(): number;
}

interface MemoryNode {
  type: "dir" | "file" | "link";
  mode: number;
  text: string;
  time: number;
}

/** Returns a path made absolute, without `.` and `..` in it. */
export function resolvePath(cwd: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** Folders in which a machine has more files than the model. */
const ELSEWHERE =
  /^\/(?:proc|dev|etc|usr|boot|home|opt|srv|mnt|media|bin|sbin|lib64|lib\/(?!firmware(?:\/|$))|var\/(?!run(?:\/|$)))(?:\/|[^/]|$)/;

function elsewhere(path: string): never {
  throw new ModelGap(path, "the model does not know what else is in the file system of a machine");
}

/** Files that the kernel uses. */
const KNOWN = /^\/(?:run\/netns|lib\/firmware)\//;

const parentOf = (path: string) => path.slice(0, path.lastIndexOf("/")) || "/";
const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** Returns the paths that a pattern matches, sorted; relative if the pattern is relative. */
export function globPaths(files: FileSystem, pattern: string, cwd: string, netns: string): string[] {
  const parts = pattern.split("/");
  let paths = [parts[0] === "" ? "/" : ""];
  for (const [i, part] of parts.entries()) {
    if (part === "") continue;
    const last = i === parts.length - 1;
    const join = (base: string, name: string) => base === "" || base.endsWith("/") ? base + name : `${base}/${name}`;
    paths = paths.flatMap((base) => {
      const plain = part.replace(/\\([^])/g, "$1");
      if (!isPattern(part)) {
        return files.stat(resolvePath(cwd, join(base, plain)), netns) ? [join(base, plain)] : [];
      }
      const names = files.list(resolvePath(cwd, base || "."), netns) ?? [];
      return names.filter((name) => matches(part, name) && (!name.startsWith(".") || part.startsWith(".")))
        .map((name) => join(base, name))
        .filter((path) => last || files.stat(resolvePath(cwd, path), netns)?.type === "dir");
    });
  }
  return paths.sort();
}

/** All files of one machine. */
export class FileSystem {
  readonly #host: FileHost;
  readonly #nodes = new Map<string, MemoryNode>();

  constructor(host: FileHost) {
    this.#host = host;
    for (
      const path of [
        "/",
        "/tmp",
        "/run",
        "/root",
        "/etc",
        "/lib",
        "/lib/modules",
        "/dev",
        "/proc",
        "/var",
        "/usr",
        "/usr/bin",
        "/usr/sbin",
        "/lib64",
      ]
    ) {
      this.#nodes.set(path, { type: "dir", mode: path === "/tmp" ? 0o1777 : 0o755, text: "", time: host.time() });
    }
    for (const path of ["/bin", "/sbin", "/init"]) {
      this.#nodes.set(path, { type: "dir", mode: 0o755, text: "", time: host.time() });
    }
    this.#nodes.set("/var/run", { type: "link", mode: 0o777, text: "/run", time: host.time() });
  }

  /** Returns what is at a path, with links followed; undefined if nothing is there. */
  stat(path: string, netns: string, follow = true): Stat | undefined {
    return this.#walk(path, netns, follow, 0);
  }

  #walk(path: string, netns: string, follow: boolean, depth: number): Stat | undefined {
    if (depth > 20) return undefined;
    const parts = path.split("/").filter((part) => part !== "");
    let at = "/";
    let found = this.#at("/", netns);
    for (const [i, part] of parts.entries()) {
      if (found?.type !== "dir") return undefined;
      const next = at === "/" ? `/${part}` : `${at}/${part}`;
      found = this.#at(next, netns);
      if (!found) return undefined;
      const last = i === parts.length - 1;
      if (found.type === "link" && (!last || follow)) {
        const rest = parts.slice(i + 1).join("/");
        const target = resolvePath(at, found.target!);
        return this.#walk(rest === "" ? target : `${target}/${rest}`, netns, follow, depth + 1);
      }
      at = next;
    }
    return found;
  }

  /** Returns what is at a path whose directories are no links. */
  #at(path: string, netns: string): Stat | undefined {
    const time = this.#host.time();
    if (path === "/sys" || path.startsWith("/sys/")) {
      const node = this.#sysfs(path, netns);
      if (!node) return undefined;
      if (node.type === "link") return { type: "link", mode: 0o777, size: 0, target: node.target, time, path };
      return { type: node.type, mode: node.mode, size: node.type === "file" ? node.size : 0, time, path };
    }
    if (path.startsWith("/proc/")) {
      const name = path.slice(6);
      if (this.#host.proc(name) !== undefined) return { type: "file", mode: 0o444, size: 0, time, path };
      return elsewhere(path);
    }
    if (path.startsWith("/dev/")) {
      if (Object.hasOwn(DEVICES, path.slice(5))) return { type: "char", mode: 0o666, size: 0, time, path };
      return elsewhere(path);
    }
    if (path === "/run/netns") {
      return this.#host.netnsMade() ? { type: "dir", mode: 0o755, size: 0, time, path } : undefined;
    }
    if (parentOf(path) === "/run/netns" && this.#host.netns().includes(nameOf(path))) {
      return { type: "file", mode: 0o444, size: 0, time, path };
    }
    const node = this.#nodes.get(path);
    if (!node) {
      if (this.#host.program(path)) return { type: "file", mode: 0o755, size: 0, time, path };
      return ELSEWHERE.test(path) ? elsewhere(path) : undefined;
    }
    const stat: Stat = { type: node.type, mode: node.mode, size: byteLength(node.text), time: node.time, path };
    return node.type === "link" ? { ...stat, target: node.text } : stat;
  }

  /** Returns what the tree of sysfs has at a path whose directories are no links. */
  #sysfs(path: string, netns: string): TreeNode | undefined {
    const found = lookUp(this.#host.sysfs(netns), path, false);
    if (found === "unknown") throw new ModelGap(path, reasonOf(path));
    return found === "absent" ? undefined : found.node;
  }

  /**
   * Returns the names in a directory, sorted; undefined where there is no directory.
   *
   * @param known True if the model's names are enough in a folder where a real machine has more files
   */
  list(path: string, netns: string, known = false): string[] | undefined {
    if (path === "/run/netns") {
      const own = [...this.#nodes.keys()].filter((each) => parentOf(each) === path).map(nameOf);
      return [...new Set([...this.#host.netns(), ...own])].sort();
    }
    const found = this.stat(path, netns);
    if (found?.type !== "dir") return undefined;
    const real = found.path;
    if (real === "/sys" || real.startsWith("/sys/")) {
      const node = this.#sysfs(real, netns);
      if (node?.type !== "dir") return undefined;
      if (node.partial === true && !known) throw new ModelGap(real, `all that is in it: ${reasonOf(`${real}/`)}`);
      return [...node.entries().keys()].sort(byName);
    }
    if (ELSEWHERE.test(real) && !known) return elsewhere(real);
    if (real === "/dev") return Object.keys(DEVICES).sort();
    const names = [...this.#nodes.keys()].filter((each) => each !== "/" && parentOf(each) === real).map(nameOf);
    if (real === "/") names.push("sys");
    if (real === "/proc") names.push("cmdline", "modules", "uptime", "version");
    if (real === "/run" && this.#host.netns().length > 0) names.push("netns");
    return names.sort(byName);
  }

  /** Opens a file. */
  open(path: string, mode: OpenMode, netns: string): { file: OpenFile } | { errno: string } {
    const found = this.stat(path, netns);
    if (found?.type === "dir") return mode === "r" ? { file: new UnreadableFile("EISDIR") } : { errno: "EISDIR" };
    if (path.startsWith("/sys/") || found?.path.startsWith("/sys/")) {
      if (!found) {
        if (mode === "r") return { errno: "ENOENT" };
        return { errno: this.stat(parentOf(path), netns)?.type === "dir" ? "EACCES" : "ENOENT" };
      }
      // On other file systems root passes every permission check
      const denied = !found.path.startsWith("/sys/kernel/debug/") &&
        (found.mode & (mode === "r" ? 0o444 : 0o222)) === 0;
      return denied ? { errno: "EACCES" } : { file: this.#sysfsFile(found.path, netns) };
    }
    if (found?.type === "char") return { file: new DeviceFile(nameOf(path)) };
    if (path.startsWith("/proc/")) {
      const text = this.#host.proc(path.slice(6));
      if (text === undefined) return { errno: "ENOENT" };
      return mode === "r" ? { file: new TextFile({ text }, path) } : { errno: "EACCES" };
    }
    const real = found?.path ?? path;
    if (parentOf(real) === "/run/netns" && this.#host.netns().includes(nameOf(real))) {
      return mode === "r" ? { file: new NetnsFile("EINVAL") } : { errno: "EACCES" };
    }
    let node = this.#nodes.get(real);
    if (!node) {
      if (mode === "r") return { errno: "ENOENT" };
      const parent = this.stat(parentOf(path), netns);
      if (parent?.type !== "dir" && parentOf(path) !== "/run/netns") return { errno: parent ? "ENOTDIR" : "ENOENT" };
      const at = parent ? `${parent.path === "/" ? "" : parent.path}/${nameOf(path)}` : path;
      node = { type: "file", mode: 0o644, text: "", time: this.#host.time() };
      this.#nodes.set(at, node);
    } else if (mode === "w") node.text = "";
    const touched = (text: string) => {
      node.time = this.#host.time();
      if (KNOWN.test(real)) this.#host.runFile(real, text);
    };
    if (mode !== "r") touched(node.text);
    return { file: new TextFile(node, real, touched) };
  }

  #sysfsFile(path: string, netns: string): OpenFile {
    // The model knows a file of a netdev by its path in /sys/class/net
    const netdev = /^\/sys\/devices\/.*\/net\/([^/]+\/[^/]+)$/.exec(path);
    const name = netdev ? `/sys/class/net/${netdev[1]}` : path;
    return new SysfsFile(
      () => this.#host.readSysfs(name, netns),
      (text) => this.#host.writeSysfs(name, text, netns),
      path,
    );
  }

  /** Makes a directory; returns `ok` or an errno. */
  mkdir(path: string, netns: string): string {
    if (this.stat(path, netns)) return "EEXIST";
    if (path.startsWith("/sys/")) return "EPERM";
    if (this.stat(parentOf(path), netns)?.type !== "dir") return "ENOENT";
    this.#nodes.set(path, { type: "dir", mode: 0o755, text: "", time: this.#host.time() });
    return "ok";
  }

  /** Removes a file or an empty directory; returns `ok` or an errno. */
  remove(path: string, netns: string): string {
    const found = this.stat(path, netns, false);
    if (!found) return "ENOENT";
    if (path.startsWith("/sys/")) return "EPERM";
    if (found.type === "dir" && (this.list(path, netns)?.length ?? 0) > 0) return "ENOTEMPTY";
    if (!this.#nodes.delete(found.path)) return "EBUSY";
    if (KNOWN.test(found.path)) this.#host.runFile(found.path, undefined);
    return "ok";
  }
}

const byName = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;

/** Returns the length of a text in bytes of UTF-8. */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x100) bytes += code >= 0x800 ? 2 : 1;
  }
  return bytes;
}
