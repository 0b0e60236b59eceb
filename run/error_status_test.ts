import { assertEquals } from "@std/assert";
import { fromFileUrl } from "../cli/child.ts";
import { STATUS_OF } from "./error_status.ts";

const ROOT = fromFileUrl(new URL("../", import.meta.url));

/** Errors that do not end the command: where they are thrown, and what catches them. */
const TAKEN: readonly { file: RegExp; error: RegExp; reason: string }[] = [
  { file: /./, error: /^DOMException$/, reason: "the run was stopped" },
  { file: /./, error: /^RangeError$/, reason: "settings that the schema of a board's file refuses before" },
  {
    file: /^runners\/lines\/(tty|_canceled|serial_binding|_network_port|serial|line_owner)\.ts$/,
    error: /^(\w*Canceled|Libc|Login|)Error$/,
    reason: "an opener of a line",
  },
  { file: /^runners\/lines\/login\.ts$/, error: /^(LoginError|Error)$/, reason: "an opener of a line" },
  { file: /^runners\/(lines\/(ser2net|sshd|pty_line)|guard\/_fake_sysfs)\.ts$/, error: /./, reason: "for tests" },
  { file: /./, error: /^(BrokenProgram|TooLong)Error$/, reason: "a step that is lost, with its reason" },
  { file: /^runners\/agent\/observe\.ts$/, error: /^SyntaxError$/, reason: "a record that came damaged" },
  {
    file: /^runners\/lines\/(ssh|serial)\.ts$/,
    error: /^TypeError$/,
    reason: "words that the schema of a board's file refuses",
  },
  { file: /^runners\/agent\/race_script\.ts$/, error: /^TypeError$/, reason: "a plan that no board does, of tests" },
  { file: /^fixtures\/qemu\/cpio\.ts$/, error: /^TypeError$/, reason: "paths of our own" },
];

function* files(dir: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${ROOT}${dir}`)) {
    if (isDirectory) yield* files(`${dir}/${name}`);
    else if (/(?<!_test)\.ts$/.test(name) && !/^_?testing\.ts$/.test(name)) yield `${dir}/${name}`;
  }
}

Deno.test("every error that fixtures and runners throw is of a class that has an exit status", async () => {
  const unknown: string[] = [];
  let seen = 0;
  for (const file of [...files("fixtures/qemu"), ...files("runners")]) {
    const code = (await Deno.readTextFile(`${ROOT}${file}`)).replaceAll(/^ *(\*|\/\/).*$/gm, "");
    for (const [, error] of code.matchAll(/\bnew (\w*(?:Error|Exception|Unavailable))\(/g)) {
      seen++;
      if (STATUS_OF[error!] !== undefined) continue;
      if (!TAKEN.some((one) => one.file.test(file) && one.error.test(error!))) unknown.push(`${file}: ${error}`);
    }
  }
  assertEquals(unknown, []);
  assertEquals(seen > 50, true, `${seen} errors`);
});
