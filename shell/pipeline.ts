/**
 * Pipelines: processes that are connected by pipes.
 *
 * @module
 */

import type { CommandNode, Pipeline } from "unbash";
import { type OpenFile, pipe } from "./open_file.ts";
import type { Process } from "./process.ts";

/**
 * Starts the commands of a pipeline, each with its ends of the pipes.
 *
 * @param files The open files of the shell
 * @param start Starts one command in a process of its own
 */
export function startPipeline(
  node: Pipeline,
  files: ReadonlyMap<number, OpenFile>,
  start: (command: CommandNode, files: Map<number, OpenFile>) => Process,
): Process[] {
  const children: Process[] = [];
  let input: OpenFile | undefined;
  for (const [i, command] of node.commands.entries()) {
    const own = new Map(files);
    if (input) own.set(0, input);
    const next = i < node.commands.length - 1 ? pipe() : undefined;
    if (next) {
      own.set(1, next.writer);
      if (node.operators[i] === "|&") own.set(2, next.writer);
    }
    children.push(start(command, own));
    input?.release();
    next?.writer.release();
    input = next?.reader;
  }
  return children;
}
