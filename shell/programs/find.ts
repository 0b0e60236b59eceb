/**
 * find(1): by type, name and depth.
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import type { Stat } from "../files.ts";
import { matches } from "../pattern.ts";
import type { Program } from "../program.ts";
import { TYPES } from "./mode.ts";

function unanswered(word: string): never {
  throw new ModelGap(`find ${word}`, "an expression of the program");
}

/** find(1) */
export const find: Program = function* (call) {
  const { files } = call.system;
  const { netns } = call.process;
  const args = [...call.args];
  const roots: string[] = [];
  while (args.length > 0 && !/^[-!(]/.test(args[0]!)) roots.push(args.shift()!);
  if (roots.length === 0) roots.push(".");
  type Test = (path: string, stat: Stat, depth: number) => boolean;
  let most = Infinity;
  let least = 0;
  const or = (): Test => {
    let test = and();
    while (args[0] === "-o" || args[0] === "-or") {
      args.shift();
      const [left, right] = [test, and()];
      test = (...given) => left(...given) || right(...given);
    }
    return test;
  };
  const and = (): Test => {
    let test = primary();
    while (args.length > 0 && args[0] !== "-o" && args[0] !== "-or" && args[0] !== ")") {
      if (args[0] === "-a" || args[0] === "-and") args.shift();
      const [left, right] = [test, primary()];
      test = (...given) => left(...given) && right(...given);
    }
    return test;
  };
  const primary = (): Test => {
    const word = args.shift();
    switch (word) {
      case "!":
      case "-not": {
        const test = primary();
        return (...given) => !test(...given);
      }
      case "(": {
        const test = or();
        args.shift();
        return test;
      }
      case "-type": {
        const type = args.shift() ?? "";
        if (!/^[fdlc]$/.test(type)) unanswered(`-type ${type}`);
        return (_path, stat) => TYPES[stat.type] === (type === "f" ? "-" : type);
      }
      case "-name": {
        const pattern = args.shift() ?? "";
        return (path) => matches(pattern, path.slice(path.lastIndexOf("/") + 1));
      }
      case "-maxdepth":
        most = Number(args.shift());
        return () => true;
      case "-mindepth":
        least = Number(args.shift());
        return () => true;
      case "-print":
        return () => true;
      default:
        return unanswered(word ?? "");
    }
  };
  const test = args.length > 0 ? or() : () => true;
  let status = 0;
  const hits: string[] = [];
  const walk = (path: string, depth: number) => {
    const stat = files.stat(call.path(path), netns, false);
    if (!stat) return;
    if (depth >= least && test(path, stat, depth)) hits.push(path);
    if (stat.type !== "dir" || depth >= most) return;
    for (const name of files.list(stat.path, netns) ?? []) {
      walk(path.endsWith("/") ? path + name : `${path}/${name}`, depth + 1);
    }
  };
  for (const root of roots) {
    if (!files.stat(call.path(root), netns, false)) {
      yield* call.err(`find: ${root}: No such file or directory\n`);
      status = 1;
    } else walk(root, 0);
  }
  yield* call.out(hits.map((hit) => `${hit}\n`).join(""));
  return status;
};
