/** `twinlink doctor`. */

import { type Board, jsonLine, loadBoard, visible } from "../boards/mod.ts";
import { type Need, transportNeeds } from "../boards/transports/mod.ts";
import { lineNeeds } from "../boards/transports/serial.ts";
import { deviceOf } from "../boards/devices/mod.ts";
import { missingDownloads, probe, type ProbeResult } from "../fixtures/qemu/mod.ts";
import { findProgram } from "../fixtures/qemu/process.ts";
import { isInfra } from "../run/error_status.ts";
import { count, print } from "../run/output.ts";
import { UsageError } from "../run/usage_error.ts";
import { printProbe, probeBoard, probeStatus } from "./boards_probe.ts";
import { command } from "./command.ts";
import type { Probe } from "./probe_text.ts";

const readable = (path: string) =>
  Deno.open(path).then((file) => file.close()).then(() => undefined, (error: Error) => error);

async function fileFinding(what: string, path: string | undefined, mend: string): Promise<ProbeResult[]> {
  if (path === undefined) return [];
  const error = await readable(path);
  return [{ what, found: !error, detail: error ? visible(error.message) : path, mend: error ? mend : "" }];
}

function programFinding(what: string, argv: readonly string[] | undefined): ProbeResult[] {
  const program = argv?.[0];
  if (program === undefined) return [];
  const path = findProgram(program);
  const mend = path === null ? `install ${program}, or name another program in the board's file` : "";
  return [{ what, found: path !== null, detail: path ?? `${program} is not on this machine`, mend }];
}

/** Checks that a serial port exists and that this user may open it. To open it really would disturb the line. */
async function portFinding(path: string): Promise<ProbeResult> {
  const what = "serial port";
  // Deno reads /dev only with all permissions.
  const test = async (flag: string) => (await new Deno.Command("test", { args: [flag, path] }).output()).success;
  if (!await test("-e")) return { what, found: false, detail: `there is no ${path}`, mend: "ls -l /dev/serial/by-id" };
  if (!await test("-c")) {
    return { what, found: false, detail: `${path} is no serial port`, mend: "ls -l /dev/serial/by-id" };
  }
  if (await test("-r") && await test("-w")) return { what, found: true, detail: path, mend: "" };
  const mend = `sudo usermod -a -G dialout "$USER", then log in again`;
  return { what, found: false, detail: `this user may not read and write ${path}`, mend };
}

/** Checks something that a transport needs. */
async function needFinding({ what, kind, name, mend }: Need): Promise<ProbeResult[]> {
  if (name === undefined) return [];
  switch (kind) {
    case "device":
      return [await portFinding(name)];
    case "file":
      return await fileFinding(what, name, mend ?? "");
    case "program":
      return programFinding(what, [name]).map((one) => one.found ? one : { ...one, mend: mend ?? one.mend });
    case "variable": {
      const found = Deno.env.get(name) !== undefined;
      return [{ what, found, detail: `${name} is ${found ? "" : "not "}set`, mend: found ? "" : mend ?? "" }];
    }
  }
}

/** Reports the downloads that the guest of a board still needs, so that its first boot is no surprise. */
async function downloadFinding(board: Board): Promise<ProbeResult> {
  const missing = await missingDownloads(board.qemu!.kernel, deviceOf(board)?.kind, board.qemu!.modules);
  const total = missing.reduce((sum, { mb }) => sum + mb, 0);
  const detail = missing.length === 0
    ? `${board.name}: none, all of it is in the cache`
    : `${board.name}: about ${total} MB at its first boot: ${
      missing.map(({ what, mb }) => `${what} ${mb}`).join(", ")
    }`;
  return { what: "downloads", found: true, detail, mend: "" };
}

/** Checks what one board needs on this machine. */
async function boardFindings(board: Board): Promise<ProbeResult[]> {
  const { qemu, recording, power } = board;
  const findings: ProbeResult[] = [];
  const needs = [...transportNeeds(board), ...board.console ? lineNeeds(board.console) : []];
  if (qemu) findings.push(await downloadFinding(board));
  for (const need of needs) findings.push(...await needFinding(need));
  for (const [action, argv] of Object.entries(power ?? {})) {
    if (Array.isArray(argv)) findings.push(...programFinding(`power ${action}`, argv));
  }
  findings.push(
    ...await fileFinding("recording", recording?.trace, "deno task record"),
    ...await fileFinding("module", qemu?.module, "build it, or remove the key"),
  );
  if (board.runner === "local") {
    const found = Deno.uid() === 0;
    const detail = found ? "this is root" : "devlink needs root on this host";
    findings.push({ what: "root", found, detail, mend: found ? "" : "run twinlink as root" });
  }
  return findings;
}

const INSTALL = "sudo apt-get install ";

/** Returns the fixes: one apt-get command for all packages, and the other fixes. */
export function mends(findings: readonly ProbeResult[]): string[] {
  const missing = [...new Set(findings.filter(({ found, mend }) => !found && mend).map(({ mend }) => mend))];
  const packages = missing.filter((mend) => mend.startsWith(INSTALL)).map((mend) => mend.slice(INSTALL.length));
  const others = missing.filter((mend) => !mend.startsWith(INSTALL));
  return [...packages.length > 0 ? [INSTALL + [...new Set(packages)].join(" ")] : [], ...others];
}

/** Returns a finding about the connection to a board, and the probe if the board answers. */
async function connection(board: Board, signal: AbortSignal): Promise<{ finding: ProbeResult; found?: Probe }> {
  const what = "connection";
  try {
    const found = await probeBoard(board, { doing: "twinlink doctor", signal });
    const detail = [`over ${found.transport}`, found.kernel && `Linux ${found.kernel}`, found.iproute2];
    return { finding: { what, found: true, detail: detail.filter((part) => part !== "").join(", "), mend: "" }, found };
  } catch (error) {
    if (!isInfra(error)) throw error;
    return { finding: { what, found: false, detail: error.message, mend: "" } };
  }
}

export default command({
  name: "doctor",
  usage: ["[BOARD..]", "--connect BOARD.."],
  details:
    `Without a board: what kernels in QEMU need. Looks only: nothing is changed, and no board is spoken to without
--connect. A board that lacks nothing here is then probed, as "boards probe" does it.`,
  options: {
    connect: { type: "flag", help: "Connect to the boards, and print what a run would judge there" },
    json: { type: "flag", help: "For a machine to read: one JSON object a line" },
  },
  run: async ({ connect, json }, operands, { interrupts, signal }) => {
    if (!connect) interrupts.harmless();
    else if (operands.length === 0) throw new UsageError("Option --connect needs a board: doctor --connect BOARD");
    const boards = await Promise.all(operands.map(loadBoard));
    const findings: (ProbeResult & { of: string })[] = [];
    const probes: Probe[] = [];
    if (boards.length === 0 || boards.some(({ runner }) => runner === "qemu")) {
      findings.push(...(await probe()).map((finding) => ({ of: "QEMU", ...finding })));
    }
    for (const board of boards) {
      const own = await boardFindings(board);
      if (connect && own.every(({ found }) => found)) {
        const { finding, found } = await connection(board, signal);
        own.push(finding);
        if (found) probes.push(found);
      }
      findings.push(...own.map((finding) => ({ of: board.name, ...finding })));
    }
    const missing = findings.filter(({ found }) => !found);
    const status = missing.length > 0 || probes.some((one) => probeStatus(one) !== 0) ? 3 : 0;
    if (json) {
      for (const finding of findings) print(jsonLine(finding));
      for (const one of probes) printProbe(one, json);
      return status;
    }
    const width = Math.max(0, ...findings.map(({ what }) => what.length));
    for (const { what, found, detail } of findings) {
      print(`${found ? "found  " : "MISSING"}  ${what.padEnd(width)}  ${visible(detail)}\n`);
    }
    if (missing.length === 0) {
      print("\nNothing is missing.\n");
    } else {
      const thing = count(missing.length, "thing");
      const how = mends(missing);
      print(`\n${thing} ${missing.length === 1 ? "is" : "are"} missing.${how.length > 0 ? " To fix it:" : ""}\n`);
      for (const mend of how) print(`  ${visible(mend)}\n`);
    }
    for (const one of probes) {
      print("\n");
      printProbe(one, json);
    }
    return status;
  },
});
