/**
 * Schedules: the order in which threads ran, as a short text that can be replayed, and as a diagram with a lane for each thread.
 *
 * @module
 */

/**
 * Returns a schedule as a text: the letter of a thread and the number of its steps, in turn. `a3ba` is three steps of the first
 * thread, one of the second and one of the first.
 */
export function writeSchedule(choices: readonly number[]): string {
  let text = "";
  for (let i = 0; i < choices.length;) {
    let end = i;
    while (choices[end] === choices[i]) end++;
    text += letter(choices[i]!) + (end - i > 1 ? end - i : "");
    i = end;
  }
  return text;
}

/**
 * Reads a schedule.
 *
 * @throws {SyntaxError} If the text is not a schedule
 */
export function readSchedule(text: string): number[] {
  if (!/^([a-zA-Z]\d*)*$/.test(text)) throw new SyntaxError(`Cannot read schedule "${text}": it is not like a3b1`);
  return [...text.matchAll(/([a-zA-Z])(\d*)/g)].flatMap(([, who, times]) =>
    Array<number>(times === "" ? 1 : Number(times)).fill(LETTERS.indexOf(who!))
  );
}

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDE";

/** Returns the letter of a thread. */
export function letter(thread: number): string {
  return LETTERS[thread]!;
}

/** One step of a thread, for a diagram. */
export interface Deed {
  thread: number;
  /** The lines of the diagram for the step */
  lines: readonly string[];
}

/** Returns a diagram: a column for each thread, a row for each step. */
export function lanes(names: readonly string[], deeds: readonly Deed[], width = 110): string {
  const wide = Math.max(16, Math.min(48, Math.floor((width - 4) / Math.max(1, names.length)) - 3));
  const cut = (text: string) => (text.length > wide ? `${text.slice(0, wide - 1)}…` : text).padEnd(wide);
  const row = (step: string, at: number, text: string) =>
    `${step.padStart(3)} ${names.map((_, i) => `| ${cut(i === at ? text : "")} `).join("")}`.trimEnd();
  const rows = [
    `    ${names.map((name, i) => `| ${cut(`${letter(i)}: ${name}`)} `).join("")}`.trimEnd(),
    `----${names.map(() => `+-${"-".repeat(wide)}-`).join("")}`,
  ];
  deeds.forEach(({ thread, lines }, step) => {
    lines.forEach((line, i) => rows.push(row(i === 0 ? String(step + 1) : "", thread, line)));
  });
  return rows.join("\n") + "\n";
}
