/** Announcements of an instance by work of the kernel, which may come after the step that caused them. */

import type { Json, Notification, Observation } from "../model/observation.ts";
import type { NetnsName, Operation } from "../model/operation.ts";
import { canonical, isObject } from "./_json.ts";

/** The rule that accepts late announcements. */
export const LATE_RULE = "nested-announced-late";

/** Operations that announce no instance themselves: they reset a function, which is then loaded without a devlink reload. */
const BY_WORK_ALONE: ReadonlySet<Operation["kind"]> = new Set(["health.recover", "device"]);

const textOf = (message: Notification) => canonical(message as never);

/** True if the last message announces an instance that has another one nested in it, or had until this step. */
function endsAnnounced(messages: readonly Notification[]): boolean {
  const last = messages.at(-1);
  if (last?.command !== "new" || last.object !== "dev") return false;
  return last.attributes["nested_devlink"] !== undefined ||
    messages.some(({ command, object, handle }) => command === "del" && object === "dev" && handle !== last.handle);
}

/** Returns how many messages at the end are the same announcement of an instance with a nested one. */
function trailing(messages: readonly Notification[]): number {
  if (!endsAnnounced(messages)) return 0;
  const last = messages.at(-1)!;
  const at = messages.findLastIndex((message) => textOf(message) !== textOf(last));
  return messages.length - 1 - at;
}

/** True if `value` contains all of `what`; it may contain more, which the model does not know. */
function holds(value: Json | undefined, what: Json): boolean {
  if (!isObject(value) || !isObject(what)) return canonical(value) === canonical(what);
  return Object.entries(what).every(([key, inner]) => holds(value[key], inner));
}

/** The announcements of a sequence that its steps have not shown yet, by netns. Steps must come in their order. */
export class LateAnnouncements {
  /** From earlier steps: the current step may begin with them */
  #owed = new Map<NetnsName, Notification[]>();
  /** From the current step */
  #latest = new Map<NetnsName, Notification[]>();

  /** True if a step lacked an announcement that no later step has shown; after the last step it may still have come. */
  get missing(): boolean {
    return this.#owed.values().some((messages) => messages.length > 0);
  }

  /** Begins a step: removes the announcements at its start that earlier steps lacked. */
  take(observed: Observation): void {
    for (const [netns, messages] of this.#latest) {
      this.#owed.set(netns, [...this.#owed.get(netns) ?? [], ...messages]);
    }
    this.#latest.clear();
    for (const [netns, owed] of this.#owed) {
      const messages = observed.notify[netns];
      while (messages?.[0] && owed[0] && holds(messages[0] as unknown as Json, owed[0] as unknown as Json)) {
        messages.shift();
        owed.shift();
      }
      if (messages?.length === 0) delete observed.notify[netns];
    }
  }

  /**
   * Adds the announcements that the current step lacks at its end: later steps may begin with them. A reload's own is never
   * added, because the reload itself sends it.
   */
  assume(expected: Observation, observed: Observation, { kind }: Operation): void {
    const own = BY_WORK_ALONE.has(kind) ? 0 : 1;
    for (const [netns, messages] of Object.entries(expected.notify)) {
      const got = observed.notify[netns];
      const last = messages.at(-1);
      if (!got || !last) continue;
      const came = textOf(got.at(-1) ?? last) === textOf(last) ? trailing(got) : 0;
      const missing = trailing(messages) - came;
      if (missing <= 0 || came < own) continue;
      const lacking = Array.from({ length: missing }, () => structuredClone(last));
      got.push(...lacking);
      this.#latest.set(netns, structuredClone(lacking));
    }
  }
}
