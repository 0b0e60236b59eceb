/** For tests of the command: the files of a user, and the check of an error message. */

import { assertEquals, assertMatch } from "@std/assert";
import type { Ran } from "./child.ts";

/** A folder for the files of a test. */
export class Files implements AsyncDisposable {
  /** The folder's path */
  readonly folder = Deno.makeTempDirSync({ prefix: "twinlink-cli-" });

  /** Writes a file, and returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = `${this.folder}/${name}`;
    await Deno.writeTextFile(path, text);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Returns the text of a board's file, for a board with runner `model`. */
export const model = (name: string): string =>
  `name = "${name}"\ndescription = "x"\nrunner = "model"\nera = "6.1"\ndriver = "netdevsim"\n`;

/** Returns the lines of a board's file that waive one channel of a sequence. */
export const waiver = (suite: string, sequence: string): string =>
  `[[waivers]]\nsuite = "${suite}"\nsequence = "${sequence}"\nchannel = "notify"\nreason = "x"\nexpires = 2999-12-31\n`;

/** Checks that a command answers with one clear line: what is wrong, and no stack. */
export function assertOneLine({ code, stdout, stderr }: Ran, status: number, pattern: RegExp): void {
  assertEquals(
    { code, lines: stderr.trim().split("\n").length, stdout },
    { code: status, lines: 1, stdout: "" },
    stderr,
  );
  assertMatch(stderr, pattern);
}
