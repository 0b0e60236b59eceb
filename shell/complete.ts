/**
 * Completions of a line at the prompt.
 *
 * @module
 */

import { nextWords } from "../model/command_line/verbs.ts";
import type { JsonObject } from "../model/mod.ts";
import { BUILTINS } from "./builtins.ts";
import { resolvePath } from "./files.ts";
import type { Session } from "./session.ts";

/** Returns the ways to complete a line, and the part of it that they replace. */
export function complete(session: Session, line: string): [string[], string] {
  // The command that is being typed: after the last `;`, `|`, `&` or `(`
  const command = line.slice(Math.max(...[";", "|", "&", "("].map((mark) => line.lastIndexOf(mark))) + 1).trimStart();
  const words = command.split(/\s+/);
  const word = words.pop() ?? "";
  const found = candidates(session, words, word).filter((each) => each.startsWith(word));
  return [[...new Set(found)].sort(), word];
}

function candidates(session: Session, words: readonly string[], word: string): string[] {
  const [name] = words;
  if (name === undefined && !word.includes("/")) return [...session.system.programs.names, ...Object.keys(BUILTINS)];
  if (word.includes("/") && !/^[a-z]\w*\//.test(word)) return paths(session, word);
  if (name === "devlink") {
    const rest = words.slice(1).filter((each) => !each.startsWith("-"));
    return [...nextWords(rest), ...handles(session)];
  }
  if (name === "ip") {
    if (words.length === 1) return ["link", "netns", "route", "monitor", "address"];
    if (words[1] === "netns") return ["add", "del", "exec", "list", ...session.system.machine.netns.slice(1)];
    const netdevs = session.system.machine.netdevs().map((netdev) => netdev.name);
    return ["show", "set", "add", "del", "dev", "up", "down", ...netdevs];
  }
  return paths(session, word);
}

/** Handles of instances, ports and regions. */
function handles(session: Session): string[] {
  const { machine } = session.system;
  return (["dev.show", "port.show", "region.show"] as const).flatMap((kind) => {
    const [objects = {}] = Object.values((machine.perform({ kind }).reply ?? {}) as JsonObject);
    return Object.keys(objects as object);
  });
}

function paths(session: Session, word: string): string[] {
  const folder = word.slice(0, word.lastIndexOf("/") + 1);
  const { files } = session.system;
  const path = resolvePath(session.cwd, folder === "" ? "." : folder);
  return (files.list(path, "init", true) ?? []).map((name) => {
    const inside = files.stat(resolvePath(path, name), "init")?.type === "dir";
    return `${folder}${name}${inside ? "/" : ""}`;
  });
}
