/**
 * Shows the progress of a run on standard error: one live line on a terminal, plain lines elsewhere.
 *
 * @module
 */

// @ts-types="@types/cli-progress"
import cliProgress from "cli-progress";
import process from "node:process";
import { visible } from "../boards/visible.ts";
import { count, print, say } from "../run/output.ts";
import type { Progress } from "../runners/runner.ts";

/** Shows progress, and lets a report be written without the two mixing. */
export interface Display extends Disposable {
  /** A board is being prepared: downloads, builds, boots. */
  prepare(board: string, progress: Progress): void;
  /** A number of sequences will be run. */
  begin(board: string, total: number): void;
  /** A sequence is being run. */
  running(sequence: string): void;
  /** A step of the sequence that is being run came back. */
  stepped(steps: number, of: number): void;
  /** A sequence was run. */
  done(): void;
  /** The board is finished with. */
  end(): void;
  /** Writes to standard output what belongs there. */
  write(text: string): void;
}

const MB = (bytes: number) => (bytes / 1e6).toFixed(1);

/** Returns a preparation as text: `download linux-image 12.3 of 45.0 MB`. */
export function progressText({ phase, detail, done, total }: Progress): string {
  const what = visible(detail ? `${phase} ${detail}` : phase);
  if (done === undefined) return what;
  if (phase !== "download") return `${what} ${done}${total === undefined ? "" : ` of ${total}`}`;
  return `${what} ${total === undefined ? MB(done) : `${MB(done)} of ${MB(total)}`} MB`;
}

/** Plain lines, for CI logs: one for each new activity, none for mere progress; `quiet`: none at all. */
function plainDisplay(quiet: boolean): Display {
  let last = "";
  const told = (line: string) => {
    if (quiet || line === last) return;
    last = line;
    say(line);
  };
  return {
    prepare: (board, { phase, detail }) => told(`${board}: ${visible(detail ? `${phase} ${detail}` : phase)}`),
    begin: (board, total) => told(`${board}: ready, ${count(total, "sequence")} to run`),
    running: () => {},
    stepped: () => {},
    done: () => {},
    end: () => {},
    write: print,
    [Symbol.dispose]: () => {},
  };
}

/** Makes the display with one live line, which cli-progress redraws. */
function liveDisplay(): Display {
  let board = "";
  let text = "";
  let current = "";
  const bar = new cliProgress.SingleBar({
    format: (options, { progress, total }) => {
      const drawn = total > 0 ? `${cliProgress.Format.BarFormat(progress, options)} ` : "";
      return `${board}  ${drawn}${text}`;
    },
    stream: process.stderr,
    barsize: 24,
    fps: 10,
    // Drawn at once, and again by a timer: so a user sees that a long boot is still alive.
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
    // twinlink handles Ctrl-C itself: see interrupt.ts.
    gracefulExit: false,
    emptyOnZero: true,
  }, cliProgress.Presets.shades_classic);
  let total = 0;
  let value = 0;
  let shown = false;
  /** The last line of output, if it has no newline yet: the bar would overwrite it. */
  let unended = "";
  const show = () => {
    if (shown) return bar.update(value);
    bar.start(total, value);
    shown = true;
  };
  const hide = () => {
    if (shown) bar.stop();
    shown = false;
  };
  const restart = (newTotal: number, newValue: number) => {
    if (newTotal !== total) hide();
    total = newTotal;
    value = newValue;
    show();
  };
  return {
    prepare: (name, progress) => {
      board = name;
      text = progressText(progress);
      restart(progress.total ?? 0, progress.done ?? 0);
    },
    begin: (name, sequences) => {
      board = name;
      text = "";
      restart(sequences, 0);
    },
    running: (sequence) => {
      current = `${value + 1}/${total} ${visible(sequence)}`;
      text = current;
      show();
    },
    stepped: (steps, of) => {
      text = `${current}, step ${steps} of ${of}`;
      show();
    },
    done: () => {
      value++;
      show();
    },
    end: hide,
    write: (report) => {
      const end = report.lastIndexOf("\n") + 1;
      if (end > 0) {
        hide();
        print(unended + report.slice(0, end));
        unended = "";
      }
      unended += report.slice(end);
    },
    [Symbol.dispose]: () => {
      hide();
      print(unended);
      unended = "";
    },
  };
}

/**
 * Returns the display that fits standard error: a live line on a capable terminal, plain lines elsewhere, nothing if quiet. The
 * live line leaves nothing behind.
 */
export function openDisplay(quiet = false): Display {
  const dumb = Deno.env.get("TERM") === "dumb" || Deno.env.get("CI") !== undefined;
  return Deno.stderr.isTerminal() && !dumb ? liveDisplay() : plainDisplay(quiet);
}

/** True if standard output takes colours: a terminal, and NO_COLOR (no-color.org) is not set. */
export function wantsColor(): boolean {
  return Deno.stdout.isTerminal() && !Deno.noColor;
}
