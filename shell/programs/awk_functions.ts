/**
 * The functions of awk(1).
 *
 * @module
 */

import { formatPrintf } from "../printf.ts";
import { type Expression, type Lvalue, matcher, number, type Runtime, text, type Value } from "./awk_runtime.ts";

/** What stands in the brackets of a call: a list each, of the same length. */
interface Arguments {
  readonly args: readonly Expression[];
  /** Those that can be assigned to */
  readonly targets: readonly (Lvalue | undefined)[];
  /** The first word of each: the name of an array, where it is one */
  readonly names: readonly string[];
}

/** The call of a function; throws a SyntaxError where there is none of that name. */
export function functionCall(name: string, { args, targets, names }: Arguments): Expression {
  const at = (run: Runtime, i: number, otherwise: Value = "") => args[i] ? args[i](run) : otherwise;
  switch (name) {
    case "length":
      return (run) =>
        args.length === 0 ? run.fields[0]!.length : run.arrays.get(names[0]!)?.size ?? text(at(run, 0)).length;
    case "substr":
      return (run) => {
        const [string, from] = [text(at(run, 0)), Math.round(number(at(run, 1)))];
        const end = args[2] ? from + Math.round(number(at(run, 2))) : Infinity;
        return string.slice(Math.max(0, from - 1), Math.max(0, end - 1));
      };
    case "index":
      return (run) => text(at(run, 0)).indexOf(text(at(run, 1))) + 1;
    case "split":
      return (run) => {
        const parts = run.split(text(at(run, 0)), text(at(run, 2, run.get("FS"))));
        const into = run.array(names[1]!);
        into.clear();
        for (const [i, part] of parts.entries()) into.set(String(i + 1), part);
        return parts.length;
      };
    case "sub":
    case "gsub":
      return (run) => {
        const target = targets[2];
        const string = target ? text(target.get(run)) : run.fields[0]!;
        let count = 0;
        const pattern = new RegExp(matcher(text(at(run, 0))).source, name === "gsub" ? "g" : "");
        const made = string.replace(pattern, (all) => {
          count++;
          return text(at(run, 1)).replace(/\\&|&/g, (mark) => mark === "&" ? all : "&");
        });
        if (count > 0) target ? target.set(run, made) : run.record(made);
        return count;
      };
    case "match":
      return (run) => {
        const found = new RegExp(matcher(text(at(run, 1))).source).exec(text(at(run, 0)));
        run.set("RSTART", found ? found.index + 1 : 0);
        run.set("RLENGTH", found ? found[0].length : -1);
        return found ? found.index + 1 : 0;
      };
    case "sprintf":
      return (run) => {
        const [format = "", ...rest] = args.map((arg) => text(arg(run)));
        return formatPrintf(format.replaceAll("\\", "\\\\"), rest).text;
      };
    case "tolower":
      return (run) => text(at(run, 0)).toLowerCase();
    case "toupper":
      return (run) => text(at(run, 0)).toUpperCase();
    case "int":
      return (run) => Math.trunc(number(at(run, 0)));
    default:
      throw new SyntaxError(`call to undefined function ${name}`);
  }
}
