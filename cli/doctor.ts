/** `twinlink doctor`. */

import { type Board, jsonLine, loadBoard, visible } from "../boards/mod.ts";
import { probe, type ProbeResult } from "../fixtures/qemu/mod.ts";
import { findProgram } from "../fixtures/qemu/process.ts";
import { command } from "./command.ts";
import { count, print } from "./output.ts";

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

/** A serial port: there, and this user may open it. Opening it for real would disturb the line. */
async function portFinding(path: string): Promise<ProbeResult> {
  const what = "serial port";
  // Deno looks into /dev only with all permissions.
  const test = async (flag: string) => (await new Deno.Command("test", { args: [flag, path] }).output()).success;
  if (!await test("-e")) return { what, found: false, detail: `there is no ${path}`, mend: "ls -l /dev/serial/by-id" };
  if (!await test("-c")) {
    return { what, found: false, detail: `${path} is no serial port`, mend: "ls -l /dev/serial/by-id" };
  }
  if (await test("-r") && await test("-w")) return { what, found: true, detail: path, mend: "" };
  const mend = `sudo usermod -a -G dialout "$USER", then log in anew`;
  return { what, found: false, detail: `this user may not read and write ${path}`, mend };
}

/** What one board needs of this machine. */
async function boardFindings(board: Board): Promise<ProbeResult[]> {
  const { ssh, serial, qemu, recording, power } = board;
  const findings: ProbeResult[] = [];
  for (const line of [serial, board.console]) {
    // A line behind a console server is not looked at: to connect is to open it.
    if (line?.path.startsWith("/")) findings.push(await portFinding(line.path));
  }
  if (ssh) {
    findings.push(
      ...programFinding("ssh client", ["ssh"]).map((one) => one.found ? one : { ...one, mend: SSH_CLIENT }),
      ...await fileFinding("identity file", ssh.identityFile, "ssh-keygen -t ed25519, and put its .pub on the board"),
      ...await fileFinding("known hosts file", ssh.knownHostsFile, `ssh-keyscan ${ssh.host}, after a look at the keys`),
    );
  }
  if (serial) {
    const { passwordEnv, passwordCommand } = serial.login ?? {};
    if (passwordEnv) {
      const found = Deno.env.get(passwordEnv) !== undefined;
      const detail = found ? `${passwordEnv} is set` : `${passwordEnv} is not set`;
      findings.push({
        what: "serial password",
        found,
        detail,
        mend: found ? "" : `read -rs ${passwordEnv}; export it`,
      });
    }
    findings.push(...programFinding("password command", passwordCommand));
  }
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

const SSH_CLIENT = "sudo apt-get install openssh-client";
const INSTALL = "sudo apt-get install ";

/** The mends in one: what apt-get can install in a single command, and the rest. */
export function mends(findings: readonly ProbeResult[]): string[] {
  const missing = [...new Set(findings.filter(({ found, mend }) => !found && mend).map(({ mend }) => mend))];
  const packages = missing.filter((mend) => mend.startsWith(INSTALL)).map((mend) => mend.slice(INSTALL.length));
  const others = missing.filter((mend) => !mend.startsWith(INSTALL));
  return [...packages.length > 0 ? [INSTALL + [...new Set(packages)].join(" ")] : [], ...others];
}

export default command({
  name: "doctor",
  summary: "look at what is missing on this machine, and say how to mend it",
  usage: ["[BOARD..]"],
  details: "Without a board: what kernels in QEMU need. Looks only: nothing is changed, no board is spoken to.",
  options: { json: { type: "flag", help: "For a machine to read: one JSON object a line" } },
  run: async ({ json }, operands, { interrupts }) => {
    interrupts.harmless();
    const boards = await Promise.all(operands.map(loadBoard));
    const findings: (ProbeResult & { of: string })[] = [];
    if (boards.length === 0 || boards.some(({ runner }) => runner === "qemu")) {
      findings.push(...(await probe()).map((finding) => ({ of: "QEMU", ...finding })));
    }
    for (const board of boards) {
      findings.push(...(await boardFindings(board)).map((finding) => ({ of: board.name, ...finding })));
    }
    const missing = findings.filter(({ found }) => !found);
    const status = missing.length > 0 ? 3 : 0;
    if (json) {
      for (const finding of findings) print(jsonLine(finding));
      return status;
    }
    const width = Math.max(0, ...findings.map(({ what }) => what.length));
    for (const { what, found, detail } of findings) {
      print(`${found ? "found  " : "MISSING"}  ${what.padEnd(width)}  ${visible(detail)}\n`);
    }
    if (missing.length === 0) {
      print("\nNothing is missing.\n");
      return status;
    }
    const thing = count(missing.length, "thing");
    print(`\n${thing} ${missing.length === 1 ? "is" : "are"} missing. To mend it:\n`);
    for (const mend of mends(missing)) print(`  ${visible(mend)}\n`);
    return status;
  },
});
