/**
 * ls(1)
 *
 * @module
 */

import { resolvePath, type Stat } from "../files.ts";
import type { Call, Program } from "../program.ts";
import { modeText } from "./mode.ts";
import { readOptions } from "./options.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function dateText(time: number): string {
  const date = new Date(time);
  const two = (value: number, pad = "0") => String(value).padStart(2, pad);
  return `${MONTHS[date.getUTCMonth()]} ${two(date.getUTCDate(), " ")} ${two(date.getUTCHours())}:${
    two(date.getUTCMinutes())
  }`;
}

function longLine(call: Call, name: string, stat: Stat): string {
  const { files } = call.system;
  const { netns } = call.process;
  const links = stat.type === "dir"
    ? 2 +
      (files.list(stat.path, netns, true) ?? []).filter((each) =>
        files.stat(resolvePath(stat.path, each), netns, false)?.type === "dir"
      ).length
    : 1;
  const row = [
    modeText(stat),
    String(links).padStart(4),
    "root    ",
    "root    ",
    String(stat.size).padStart(9),
    dateText(stat.time),
    name,
  ];
  return row.join(" ") + (stat.type === "link" ? ` -> ${stat.target}` : "");
}

/** ls(1) */
export const ls: Program = function* (call) {
  const { given, operands } = readOptions(call, "laAR1dr");
  const { files } = call.system;
  const { netns } = call.process;
  const names = operands.length > 0 ? operands : ["."];
  let status = 0;
  const plain: [string, Stat][] = [];
  const directories: string[] = [];
  for (const name of names) {
    const path = call.path(name);
    // With -l or -d, ls lists a link itself, unless its name ends with a slash
    const follow = name.endsWith("/") || (!given.has("l") && !given.has("d"));
    const stat = files.stat(path, netns, follow) ?? files.stat(path, netns, false);
    if (!stat) {
      yield* call.err(`ls: ${name}: No such file or directory\n`);
      status = 1;
    } else if (stat.type === "dir" && !given.has("d")) directories.push(name);
    else plain.push([name, stat]);
  }
  plain.sort(([a], [b]) => a < b ? -1 : 1);
  directories.sort();
  const line = (name: string, stat: Stat | undefined) => given.has("l") && stat ? longLine(call, name, stat) : name;
  let text = plain.map(([name, stat]) => `${line(name, stat)}\n`).join("");
  const titles = names.length > 1 || given.has("R");
  const list = (name: string) => {
    const path = call.path(name);
    const inside = (entry: string) => files.stat(resolvePath(path, entry), netns, false);
    let entries = (files.list(path, netns) ?? []).filter((entry) =>
      given.has("a") || given.has("A") || !entry.startsWith(".")
    );
    if (given.has("r")) entries = entries.toReversed();
    if (text !== "" && titles) text += "\n";
    if (titles) text += `${name}:\n`;
    if (given.has("l")) text += "total 0\n";
    if (given.has("a")) {
      text += `${line(".", files.stat(path, netns))}\n`;
      text += `${line("..", files.stat(resolvePath(files.stat(path, netns)!.path, ".."), netns))}\n`;
    }
    for (const entry of entries) text += `${line(entry, inside(entry))}\n`;
    if (!given.has("R")) return;
    for (const entry of entries) {
      if (inside(entry)?.type === "dir") list(name.endsWith("/") ? name + entry : `${name}/${entry}`);
    }
  };
  for (const name of directories) list(name);
  const written = yield* call.out(text);
  return written === "ok" ? status : 1;
};
