/**
 * Makes a picture of a command's output on a terminal: runs it on a pty and draws what it printed as SVG.
 *
 * deno run -A tools/terminal_svg.ts OUT.svg COMMAND [ARGUMENT..]
 *
 * @module
 */

import pty from "node-pty";

const ESC = "\u001b";
const STYLE = new RegExp(`(${ESC}\\[[0-9;]*m)`);
// Deno moves the cursor before its first line; nothing else here does.
const MOVE = new RegExp(`${ESC}\\[[0-9;?]*[A-Za-ln-z]`, "g");

const COLUMNS = 130;
const LINE = 18;
const CHARACTER = 7.8;
const MARGIN = 14;
// SGR codes that @std/fmt/colors writes: how the text after them looks.
const STYLES: Record<string, string> = {
  "1": "font-weight:bold",
  "2": "opacity:.65",
  "31": "fill:#ff7b72",
  "32": "fill:#7ee787",
  "33": "fill:#e3b341",
  "34": "fill:#79c0ff",
  "35": "fill:#d2a8ff",
  "36": "fill:#76e3ea",
  "90": "fill:#8b949e",
};
const ENDS: Record<string, (code: string) => boolean> = {
  "22": (code) => code === "1" || code === "2",
  "39": (code) => /^[39]\d$/.test(code),
  "0": () => true,
};

function capture(command: string, args: string[]): Promise<string> {
  // With CI set no live line is drawn, so that the output is text and colours alone.
  const env = { ...Deno.env.toObject(), TERM: "xterm-256color", CI: "1" };
  const terminal = pty.spawn(command, args, { cols: COLUMNS, rows: 50, cwd: Deno.cwd(), env });
  let text = "";
  terminal.onData((data: string) => void (text += data));
  return new Promise((resolve) => terminal.onExit(() => resolve(text)));
}

/** No-break spaces: browsers draw one space where there are several. */
const spaced = (text: string) => escape(text).replaceAll(" ", "\u00a0");
const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Returns a command as a user types it, broken into several lines if it is long. */
function typed(command: string): string[] {
  const lines = ["$"];
  for (const word of command.split(" ")) {
    const last = lines.at(-1)!;
    const longer = `${last} ${word}`;
    if (longer.length + " \\".length <= COLUMNS) lines.splice(-1, 1, longer);
    else lines.splice(-1, 1, `${last} \\`, `    ${word}`);
  }
  return lines;
}

/** Returns the text as SVG. */
export function draw(text: string, title: string): string {
  const lines = [...typed(title), ...text.replace(MOVE, "").replaceAll("\r", "").trimEnd().split("\n")];
  let active: string[] = [];
  const drawn = lines.map((line, i) => {
    let column = 0;
    let spans = "";
    for (const part of line.split(STYLE)) {
      if (part.startsWith(ESC)) {
        for (const code of (part.slice(2, -1) || "0").split(";")) {
          const ends = ENDS[code];
          active = ends ? active.filter((one) => !ends(one)) : [...active, code];
        }
        continue;
      }
      const characters = [...part];
      const room = COLUMNS - column;
      const shown = characters.length > room
        ? `${characters.slice(0, Math.max(0, room - 1)).join("")}…`.slice(0, Math.max(0, room))
        : part;
      const style = active.map((code) => STYLES[code]).filter(Boolean).join(";");
      if (shown) {
        const x = (MARGIN + column * CHARACTER).toFixed(1);
        spans += `<tspan x="${x}"${style ? ` style="${style}"` : ""}>${spaced(shown)}</tspan>`;
      }
      column += characters.length;
    }
    return `<text y="${(MARGIN + (i + 0.8) * LINE).toFixed(1)}">${spans}</text>`;
  });
  const width = Math.ceil(2 * MARGIN + COLUMNS * CHARACTER);
  const height = 2 * MARGIN + lines.length * LINE;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${escape(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`,
    `<g font-family="ui-monospace,monospace" font-size="13" fill="#e6edf3">`,
    ...drawn,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

if (import.meta.main) {
  const [out, command, ...args] = Deno.args;
  if (out === undefined || command === undefined) {
    console.error("Usage: terminal_svg.ts OUT.svg COMMAND [ARGUMENT..]");
    Deno.exit(2);
  }
  const text = await capture(command, args);
  await Deno.writeTextFile(
    out,
    draw(text, [command, ...args].map((word) => /\s/.test(word) ? `"${word}"` : word).join(" ")),
  );
}
