/**
 * What a process may hold in memory.
 *
 * @module
 */

/** The most characters of a text in a process or a file. */
export const MOST_TEXT = 16 * 1024 * 1024;

/** A command has at most so many words. */
export const MOST_WORDS = 1024 * 1024;

/** Thrown inside a process that needs more memory than the machine has. */
export class OutOfMemory extends RangeError {
  override name = "OutOfMemory";
}

/** Gives back a text that a process may hold; ends the process if the text is too long. */
export function held(text: string): string {
  if (text.length > MOST_TEXT) throw new OutOfMemory("Out of memory");
  return text;
}
