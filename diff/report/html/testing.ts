/** Pages for the tests of this folder: of boards with faults. */

import { judge } from "../../judge.ts";
import { notice, sample } from "../../testing.ts";
import type { SequenceTrace } from "../../trace.ts";
import { exitStatus, type SequenceVerdict, summarise } from "../../verdict.ts";
import { type AboutRun, htmlReporter } from "../report_html.ts";

/** Text of a board that tries to get out of wherever it is put. */
export const EVIL = "\u001b[2J\u009b1m\u202e]]>&\"'</pre></style></script><script>pwned=1</script>" +
  "<img src=http://evil.invalid/x onerror=pwned=1>\u0000\ud800\n# x";

const at = (trace: SequenceTrace, id: number) => trace.steps[id - 1]!.observation!;

/** Faults of a board, by name. */
export const FAULTS = {
  none: () => {},
  order: (trace) => {
    const messages = at(trace, 10).notify.init!;
    const region = messages.findIndex(({ command, object }) => command === "del" && object === "region");
    messages.unshift(...messages.splice(region, 1));
  },
  errno: (trace) => void (at(trace, 9).result = "EIO"),
  reply: (trace) => {
    const reply = at(trace, 5).reply as { trap: Record<string, { action: string }[]> };
    for (const [trap] of Object.values(reply.trap)) trap!.action = "drop";
  },
  crash: (trace) => {
    at(trace, 10).kmsg = [
      { class: "oops", text: "BUG: kernel NULL pointer dereference, address: 0000000000000010" },
      { class: "info", text: "RIP: 0010:devlink_reload+0x7c/0xd0 [devlink]" },
    ];
  },
  hostile: (trace) => {
    at(trace, 6).extack = { level: "error", text: EVIL };
    at(trace, 8).sysfs = EVIL;
    at(trace, 10).notify = { [EVIL]: [notice("new", EVIL, EVIL, { [EVIL]: EVIL })] };
    at(trace, 11).kmsg = [{ class: "info", text: "x".repeat(1 << 20) }, { class: "oops", text: EVIL }];
  },
} satisfies Record<string, (trace: SequenceTrace) => void>;

/** Judges the sample with a fault of the board. */
export function judged(sequence: string, fault: keyof typeof FAULTS, options: Parameters<typeof judge>[2] = {}) {
  const observed = sample("ens1", "ens2");
  for (const step of observed.steps) step.board = { start: 1000 * step.id, end: 1000 * step.id + 5 };
  FAULTS[fault](observed);
  return judge({ ...sample(), sequence }, { ...observed, sequence }, options);
}

/** Returns the page of a run on boards, by their names. */
export function page(boards: Record<string, readonly SequenceVerdict[]>, about: AboutRun = {}): string {
  let text = "";
  const reporter = htmlReporter((piece) => text += piece, about);
  for (const [board, verdicts] of Object.entries(boards)) {
    reporter.begin({ board, transport: "ssh", era: "6.12", kernel: "6.12.118", iproute2: "iproute2-7.3.0" });
    for (const verdict of verdicts) reporter.sequence(verdict);
    reporter.end(summarise(verdicts));
  }
  const summary = summarise(Object.values(boards).flat());
  reporter.done!(summary, { exit: exitStatus(summary) });
  return text;
}
