/**
 * The agent's `tl_device` in real shells, on a file instead of a device's configuration space. The mailbox of a real emulated
 * device reads the bytes that the shell wrote, and the shell reads the answer of this mailbox.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { MAILBOX, withMailbox } from "../../fixtures/devices/mailbox.ts";
import type { DeviceOperation } from "../../model/operation.ts";
import { commandOf, quote } from "./commands.ts";

const SHELLS = [["dash"], ["bash", "--posix"], ["busybox", "sh"]].filter(([program]) =>
  new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync().success
);

const ADDRESS = "0000:01:00.0";
const AGENT = await Deno.readTextFile(new URL("agent.sh", import.meta.url));

/** Returns a device whose mailbox answers with the result of `control`. */
function mailboxOf(control: (operation: unknown) => unknown) {
  const device = withMailbox({
    config: { vendor: 0x1234, device: 0xcafe, classCode: 0xff0000 },
    bars: {},
    read: () => new Uint8Array(),
    write: () => {},
    control,
  }, () => {});
  const { bytes, offset } = device.config.overlay!.at(-1)!;
  return {
    /** Returns the configuration space as the guest reads it */
    config(): Uint8Array {
      const space = new Uint8Array(0x1000);
      space.set(bytes, offset);
      return space;
    },
    /** Gives the device the text and the length that the guest wrote into a configuration space. */
    take(space: Uint8Array): void {
      device.configWrite!(MAILBOX.TEXT, space.subarray(MAILBOX.TEXT, MAILBOX.END));
      device.configWrite!(MAILBOX.LENGTH, space.subarray(MAILBOX.LENGTH, MAILBOX.LENGTH + 4));
    },
  };
}

/** The file that stands for the device, and how it changes. */
interface Bench {
  /** The contents of the file, in order: after the length is written, and at each read of a status that is busy */
  answers: Uint8Array[];
  /** The first content of the configuration space. @default {the mailbox of a device} */
  before?: Uint8Array | undefined;
  /** True if writes to the configuration space fail */
  unwritable?: boolean;
}

/** Runs `tl_device` in a shell. `asked` is the configuration space with the shell's bytes; undefined if it wrote no length. */
async function operate([program, ...args]: string[], operation: DeviceOperation, bench: Bench) {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${dir}/${ADDRESS}`);
    const { before = mailboxOf(() => null).config() } = bench;
    if (before.length > 0) await Deno.writeFile(`${dir}/${ADDRESS}/config`, before);
    for (const [n, answer] of bench.answers.entries()) await Deno.writeFile(`${dir}/answer${n}`, answer);
    const script = `${AGENT.replaceAll("/sys/bus/pci/devices", dir)}
n=0
dd() {
  case "$*" in ${bench.unwritable ? "of=*) return 1 ;;" : ""} *) command dd "$@" || return ;; esac
  case "$*" in *" seek=513 "*) cp "$tl_config" "${dir}/asked"; cat "${dir}/answer0" > "$tl_config" ;; esac
}
tl_sleep() { n=$((n + 1)); cat "${dir}/answer$n" > "$tl_config"; }
${commandOf({ kind: "device", handle: `pci/${ADDRESS}`, operation }).map(quote).join(" ")}
`;
    const { code, stdout, stderr } = await new Deno.Command(program!, { args: [...args, "-c", script] }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trimEnd();
    const asked = await Deno.readFile(`${dir}/asked`).catch(() => undefined);
    return { code, out: text(stdout), err: text(stderr), asked };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Returns the configuration space after a device has answered an operation. */
function answered(operation: DeviceOperation, control: (operation: unknown) => unknown): Uint8Array {
  const mailbox = mailboxOf(control);
  const space = new Uint8Array(0x1000).fill(0x20);
  const text = new TextEncoder().encode(JSON.stringify(operation));
  space.set(text, MAILBOX.TEXT);
  space.set(new TextEncoder().encode(String(text.length).padStart(4, "0")), MAILBOX.LENGTH);
  mailbox.take(space);
  return mailbox.config();
}

const HOSTILE = [
  'it\'s "quoted" $(reboot) `id` ${HOME} \\n \\\\ %s%d * ? [a] ; & | < > ~ # !',
  "two\nlines\ttab\r\0 nul \u007f é 漢 😀 \ud800",
  "-n",
  "",
  "   blanks   ",
];

for (const shell of SHELLS) {
  const [name] = shell;

  Deno.test(`${name}: tl_device passes any operation and its reply unchanged`, async () => {
    for (const value of [...HOSTILE, "x".repeat(1973)]) {
      const operation = { text: value };
      const reply = { did: value.slice(0, 400) };
      const { code, out, err, asked } = await operate(shell, operation, {
        answers: [answered({}, () => reply)],
      });
      assertEquals([code, err, JSON.parse(out)], [0, "", reply], value);
      let took: unknown;
      mailboxOf((operation) => took = operation).take(asked!);
      assertEquals(took, operation, value);
    }
  });

  Deno.test(`${name}: tl_device waits while the mailbox is busy`, async () => {
    const busy = answered({}, () => new Promise(() => {}));
    const { code, out } = await operate(shell, { raise: 1 }, {
      answers: [busy, busy, busy, answered({}, () => "at last")],
    });
    assertEquals([code, out], [0, '"at last"']);
  });

  Deno.test(`${name}: tl_device reports why there is no reply, and never returns the reply of an earlier operation`, async () => {
    const refusal = (error: Error) =>
      answered({}, () => {
        throw error;
      });
    const fails = async (operation: DeviceOperation, bench: Bench, why: RegExp) => {
      const { code, out, err, asked } = await operate(shell, operation, bench);
      assertEquals([code, out], [1, ""]);
      assertMatch(err, new RegExp(`^twinlink: Cannot operate device pci/0000:01:00\\.0: ${why.source}$`));
      return asked !== undefined;
    };
    const early = { answers: [answered({}, () => "wrong")] };
    const asked = [
      await fails({ x: 1 }, { answers: [refusal(new TypeError("no operation x"))] }, /deny: "no operation x"/),
      await fails({ x: 1 }, { answers: [refusal(new Error("a defect"))] }, /fail: "a defect"/),
      await fails({ x: 1 }, { answers: [answered({}, () => "y".repeat(1983))] }, /long:/),
      await fails({ x: "y".repeat(1977) }, early, /an operation of 1985 bytes; 1984 at most/),
      await fails({ x: "y".repeat(12_000) }, early, /an operation of 12008 bytes; 1984 at most/),
      await fails({ x: 1 }, { ...early, before: new Uint8Array() }, /it is no emulated device/),
      await fails({ x: 1 }, { ...early, before: new Uint8Array(256) }, /it is no emulated device/),
      await fails({ x: 1 }, { ...early, unwritable: true }, /its mailbox cannot be written/),
    ];
    assertEquals(asked, [true, true, true, false, false, false, false, false]);
  });
}

Deno.test("the agent's offsets of the mailbox are the mailbox's own", () => {
  const body = AGENT.slice(AGENT.indexOf("tl_device() {"), AGENT.indexOf("# tl_mailbox PLACE"));
  const { MAGIC, LENGTH, STATUS, TEXT, END } = MAILBOX;
  for (
    const words of [
      `tl_mailbox ${MAGIC / 4} 4`,
      `tl_mailbox ${STATUS / 4} 4`,
      `tl_mailbox ${TEXT / 64} 64 ${(END - TEXT) / 64}`,
      `tl_post 64 ${TEXT / 64}`,
      `tl_post 4 ${LENGTH / 4}`,
      `-gt ${END - TEXT} `,
    ]
  ) assertEquals(body.includes(words), true, words);
});
