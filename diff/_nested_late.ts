/** Announcements of an instance by work of the kernel, which may come after the step that caused them. */

import type { Notification, Observation } from "../model/observation.ts";
import type { NetnsName } from "../model/operation.ts";
import { canonical } from "./_json.ts";

/** The rule that takes them late. */
export const LATE_RULE = "nested-announced-late";

const textOf = (message: Notification) => canonical(message as never);

/** True if the last message announces an instance that has another one nested in it, or had until this step. */
function endsAnnounced(messages: readonly Notification[]): boolean {
  const last = messages.at(-1);
  if (last?.command !== "new" || last.object !== "dev") return false;
  return last.attributes["nested_devlink"] !== undefined ||
    messages.some(({ command, object, handle }) => command === "del" && object === "dev" && handle !== last.handle);
}

/** How many messages at the end are the same announcement of an instance with a nested one. */
function trailing(messages: readonly Notification[]): number {
  if (!endsAnnounced(messages)) return 0;
  const last = messages.at(-1)!;
  const at = messages.findLastIndex((message) => textOf(message) !== textOf(last));
  return messages.length - 1 - at;
}

/** The announcements of a sequence that its steps have not shown yet, by netns. Steps must come in their order. */
export class LateAnnouncements {
  /** From earlier steps: the current step may begin with them */
  #owed = new Map<NetnsName, string[]>();
  /** From the current step */
  #latest = new Map<NetnsName, string[]>();

  /** True if a step lacked an announcement that no later step has shown; after the last step it may still have come. */
  get missing(): boolean {
    return this.#owed.values().some((texts) => texts.length > 0);
  }

  /**
   * Moves late announcements back to the step that caused them: later steps may begin with what it lacks at its end. The last
   * announcement of a step is never assumed, since the reload itself sends it.
   */
  move(expected: Observation, observed: Observation): void {
    for (const [netns, texts] of this.#latest) this.#owed.set(netns, [...this.#owed.get(netns) ?? [], ...texts]);
    this.#latest.clear();
    for (const [netns, texts] of this.#owed) {
      const messages = observed.notify[netns];
      while (messages?.[0] && texts.length > 0 && textOf(messages[0]) === texts[0]) {
        messages.shift();
        texts.shift();
      }
      if (messages?.length === 0) delete observed.notify[netns];
    }
    for (const [netns, messages] of Object.entries(expected.notify)) {
      const got = observed.notify[netns];
      const last = got?.at(-1);
      if (!got || !last || !endsAnnounced(got) || textOf(last) !== textOf(messages.at(-1)!)) continue;
      const missing = trailing(messages) - trailing(got);
      if (missing <= 0) continue;
      for (let i = 0; i < missing; i++) got.push(structuredClone(last));
      this.#latest.set(netns, Array.from({ length: missing }, () => textOf(last)));
    }
  }
}
