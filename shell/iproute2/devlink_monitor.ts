/**
 * `devlink monitor`: prints the kernel's notifications until a signal ends it.
 *
 * @module
 */

import type { JsonObject, Notification } from "../../model/mod.ts";
import { unfoldProgress } from "../../model/devlink/flash.ts";
import type { DevlinkOptions } from "./devlink_options.ts";
import { dated } from "./devlink_reply.ts";
import { handlesText, reporterText } from "./devlink_text.ts";
import { writeJson } from "./json_writer.ts";
import type { Call } from "../program.ts";
import type { Run } from "../run.ts";
import { Signalled } from "../signals.ts";

/** Prints the messages about `objects` (`all`: of all kinds). */
export function* monitor(call: Call, options: DevlinkOptions, objects: readonly string[]): Run {
  const { system, process } = call;
  const queue: Notification[] = [];
  let stopped = false;
  const stop = system.listen({ netns: process.netns, notified: (messages) => queue.push(...unfoldProgress(messages)) });
  const before = process.handlers.get("INT");
  process.handlers.set("INT", () => void (stopped = true));
  const printer = new MessagePrinter(options);
  // The first line is written with the first message: a signal other than SIGINT ends the program without it
  let begun = !options.json;
  try {
    for (;;) {
      while (queue.length > 0) {
        const message = queue.shift()!;
        if (!objects.includes("all") && !objects.includes(message.object)) continue;
        const attributes = dated(call, message.attributes) as JsonObject;
        yield* call.out((begun ? "" : printer.begin()) + printer.print({ ...message, attributes }));
        begun = true;
      }
      if (stopped) break;
      yield { ready: () => stopped || queue.length > 0 };
    }
    if (!options.json) return 0;
    if (!begun) yield* call.out(printer.begin());
    if (printer.broken) {
      yield* call.err("devlink: json_writer.c:110: jsonw_destroy: Assertion `self->depth == 0' failed.\n");
      throw new Signalled("ABRT");
    }
    yield* call.out(printer.end());
    return 0;
  } finally {
    stop();
    if (before) process.handlers.set("INT", before);
    else process.handlers.delete("INT");
  }
}

/** Prints messages like devlink(8), with its bugs in messages of health reporters. */
class MessagePrinter {
  /** True if a bracket was left open: the writer of JSON finds that out at its end */
  broken = false;
  #first = true;
  /** The handle of the last message of a health reporter: it is not printed again */
  #health: string | undefined;
  #statistics: boolean;

  constructor(readonly options: DevlinkOptions) {
    this.#statistics = options.statistics;
  }

  begin(): string {
    return this.options.pretty ? '{\n    "mon": [ ' : '{"mon":[';
  }

  end(): string {
    if (!this.options.pretty) return "]}";
    return this.#first ? "]\n}" : " ]\n}";
  }

  print({ command, object, handle, attributes }: Notification): string {
    // After the first message of an instance, statistics of all objects are printed
    if (object === "dev") this.#statistics = true;
    const shown: JsonObject = { ...attributes };
    if (!this.#statistics) delete shown["stats"];
    if (!this.options.verbose) delete shown["metadata"];
    if (object === "health") return this.#healthMessage(command, handle, shown);
    if (!this.options.json) return `[${object},${command}] ${handlesText({ [handle]: shown })}`;
    return this.#element({ command, [object]: { [handle]: shown } });
  }

  #element(message: JsonObject): string {
    const comma = this.#first ? "" : ",";
    this.#first = false;
    return comma + writeJson(message, this.options.pretty, 2);
  }

  #healthMessage(command: string, handle: string, reporter: JsonObject): string {
    const again = this.#health === handle;
    this.#health = handle;
    if (!this.options.json) {
      const text = reporterText(reporter, 2);
      return again ? `  [health,${command}]${text}` : `[health,${command}] ${handle}:\n${text}`;
    }
    this.broken = true;
    const comma = this.#first ? "" : ",";
    this.#first = false;
    const about = again ? "{" : `{${JSON.stringify(handle)}:[`;
    return `${comma}{"command":${JSON.stringify(command)},"health":${about}${writeJson(reporter, false)}}}`;
  }
}
