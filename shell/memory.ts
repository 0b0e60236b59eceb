/**
 * The bounds on the memory of a process.
 *
 * @module
 */

/** The most characters of a text in a process or a file. */
export const MOST_TEXT = 16 * 1024 * 1024;

/** The most words of a command. */
export const MOST_WORDS = 1024 * 1024;

/** Thrown inside a process that needs more memory than the machine has. */
export class OutOfMemory extends RangeError {
  override name = "OutOfMemory";
}

/** Returns the text unchanged; throws {@linkcode OutOfMemory} if it is too long for a process. */
export function held(text: string): string {
  if (text.length > MOST_TEXT) throw new OutOfMemory("Out of memory");
  return text;
}
