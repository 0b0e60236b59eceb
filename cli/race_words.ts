/**
 * Operations of a race as a user writes them: a name in a driver's catalogue, or a command line.
 *
 * @module
 */

import { visible } from "../boards/visible.ts";
import { parseDevlink } from "../model/command_line/parser.ts";
import type { Operation } from "../model/operation.ts";
import { suggestion } from "../boards/suggestion.ts";
import { UsageError } from "./command.ts";

/**
 * Returns the operation of a text: a name such as `reload`; a line of devlink(8), ip(8), ethtool(8), `echo` or `cat`; or its
 * JSON. In a netns after `ip netns exec NAME`.
 *
 * @param names The operation of each name
 * @throws {UsageError} If the text has no such form
 */
export function operationOf<Named>(text: string, names: Readonly<Record<string, Named>>): Named | Operation {
  const line = text.trim();
  if (Object.hasOwn(names, line)) return names[line]!;
  if (line.startsWith("{")) {
    try {
      return JSON.parse(line) as Operation;
    } catch {
      throw wrong(line, "it is not JSON");
    }
  }
  const words = wordsOf(line);
  if (words[0] === "ip" && words[1] === "netns" && words[2] === "exec" && words.length > 4) {
    return { ...operationOf<never>(words.slice(4).map(quoted).join(" "), {}), netns: words[3]! };
  }
  const op = commandOf(words);
  if (op) return op;
  if (words.length > 1) throw wrong(line, "it is not a command that can be raced");
  throw new UsageError(`Unknown operation "${visible(line)}"${suggestion(line, Object.keys(names))}`);
}

function wrong(line: string, why: string): UsageError {
  return new UsageError(`Cannot race "${visible(line)}": ${why}`);
}

function commandOf(words: readonly string[]): Operation | undefined {
  const [program, first, second, third] = words;
  switch (program) {
    case "devlink": {
      const rest = words.slice(1).filter((word) => !/^-[a-zA-Z]+$/.test(word));
      const parsed = parseDevlink(rest);
      if ("op" in parsed) return parsed.op;
      throw wrong(words.join(" "), "errors" in parsed ? parsed.errors.join(" ") : "it asks for no operation");
    }
    case "echo": {
      const at = words.indexOf(">");
      const path = words[at + 1];
      if (at < 1 || path === undefined) return undefined;
      return { kind: "file.write", path, value: words.slice(1, at).join(" ") };
    }
    case "cat":
      return first === undefined ? undefined : { kind: "file.read", path: first };
    case "ip":
      if (first === "netns" && second === "add" && third) return { kind: "netns.add", name: third };
      if (first === "netns" && (second === "del" || second === "delete") && third) {
        return { kind: "netns.del", name: third };
      }
      if (first === "link" && second === "set") {
        const [dev, change] = third === "dev" ? [words[3], words[4]] : [third, words[3]];
        if (!dev || (change !== "up" && change !== "down")) return undefined;
        const port = portOf(dev);
        return port
          ? { kind: "link.set", ...port, up: change === "up" }
          : { kind: "netdev.set", dev, up: change === "up" };
      }
      return undefined;
    case "ethtool": {
      const port = second === undefined ? undefined : portOf(second);
      if (first === "-i" && port) return { kind: "ethtool.info", ...port };
      if (first === "-f" && port && third) return { kind: "ethtool.flash", ...port, file: third };
      return undefined;
    }
  }
  return undefined;
}

/** Returns a netdev by its devlink port, `bus/device/index`. */
function portOf(text: string): { handle: string; port: number } | undefined {
  const match = /^([^/]+\/[^/]+)\/(\d+)$/.exec(text);
  return match ? { handle: match[1]!, port: Number(match[2]) } : undefined;
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(>)|([^\s>"']+)/g)].map((match) =>
    match[1] ?? match[2] ?? match[3] ?? match[4]!
  );
}

const quoted = (word: string): string => word === ">" || /^[^\s>"']+$/.test(word) ? word : `'${word}'`;
