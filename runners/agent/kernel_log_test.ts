import { assertEquals } from "@std/assert";
import { classifyKernelLine, FINDINGS, parseKmsg } from "./kernel_log.ts";

const LINES: readonly string[] = [
  "fakepcs: fakepcs.0#1 pcs_get_state link 1 on a removed PCS",
  "Kernel panic - not syncing: Fatal exception",
  "BUG: KASAN: slab-use-after-free in phylink_mac_pcs_get_state+0x90/0x2f0 [phylink]",
  "WARNING: possible circular locking dependency detected",
  "WARNING: CPU: 0 PID: 1 at net/core/dev.c:1 f+0x1/0x2",
  "INFO: task ip:151 blocked for more than 120 seconds.",
  "rcu: INFO: rcu_preempt self-detected stall on CPU",
  "BUG: kernel NULL pointer dereference, address: 0000000000000008",
  "general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6b73: 0000 [#2] PREEMPT SMP NOPTI",
  "Oops: general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6b73: 0000 [#1] SMP NOPTI",
  "Unable to handle kernel paging request at virtual address 006b6b6b6b6b6b73",
  "Internal error: Oops: 0000000096000004 [#1] SMP",
  "kernel BUG at net/core/dev.c:1!",
  "refcount_t: underflow; use-after-free.",
  "unregister_netdevice: waiting for fm0 to become free. Usage count = 2",
];
const OTHERS: readonly string[] = [
  "fakepcs: fakepcs.0#1 pcs_get_state link 1",
  "fakemac fakemac.0 fm0: Link is Up - 1Gbps/Full - flow control off",
  "fakemac fakemac.0 fm0: configuring for inband/1000base-x link mode",
  "IPv6: ADDRCONF(NETDEV_CHANGE): fm0: link becomes ready",
];

async function sh(script: string, stdin: string): Promise<string> {
  const child = new Deno.Command("dash", {
    args: ["-c", script],
    cwd: new URL(".", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout);
}

const record = (text: string) => `6,812,5140900,-;${text}\n`;

Deno.test("grep on a board finds every line that is a finding, and no other", async () => {
  for (const text of LINES) assertEquals(classifyKernelLine(text) !== "info", true, text);
  for (const text of OTHERS) assertEquals(classifyKernelLine(text), "info");
  const found = await sh(`grep -E '${FINDINGS}'`, [...LINES, ...OTHERS].map(record).join(""));
  assertEquals(found, LINES.map(record).join(""));
  // A finding in the second line of one record.
  const second = record("a first line\\x0aBUG: kernel NULL pointer dereference");
  assertEquals(await sh(`grep -E '${FINDINGS}'`, second), second);
});

Deno.test("grep on a board finds the line with the place in the code", async () => {
  const report = [
    "RIP: 0010:phylink_mac_pcs_get_state+0x7c/0xd0 [phylink]",
    "Call Trace:",
    " <TASK>",
    " phylink_resolve+0x31c/0x570 [phylink]",
    "Workqueue: events_power_efficient phylink_resolve [phylink]",
  ].map(record).join("");
  assertEquals(await sh(`grep -E '${FINDINGS}'`, report), report);
});

Deno.test("the agent recognises from the log that the kernel broke", async () => {
  const broken = await sh(
    `. ./agent.sh; while IFS= read -r line; do TL_BROKEN=; tl_breaks "$line"; echo "\${TL_BROKEN:-0}"; done`,
    [...LINES, ...OTHERS].map(record).join(""),
  );
  const fatal = [...LINES, ...OTHERS].map((line) => ["oops", "panic"].includes(classifyKernelLine(line)) ? "1" : "0");
  assertEquals(broken.trim().split("\n"), fatal);
});

Deno.test("a line that a program writes into the kernel log is no finding and no sign of a broken kernel", async () => {
  for (const text of LINES) {
    assertEquals(parseKmsg(`12,812,5140900,-;${text}\n`), [{ class: "info", text, user: true }]);
    assertEquals(parseKmsg(`4,812,5140900,-;${text}\n`), [{ class: classifyKernelLine(text), text }]);
  }
  assertEquals(parseKmsg("12,812,5140900,-;first\\x0aOops: 0000\n").map(({ user }) => user), [true, true]);
  const broken = await sh(
    `. ./agent.sh; while IFS= read -r line; do tl_breaks "$line"; done; echo "\${TL_BROKEN:-0}"`,
    LINES.map((text) => `12,812,5140900,-;${text}\n`).join(""),
  );
  assertEquals(broken, "0\n");
});

Deno.test("a line of the kernel log keeps the device that logged it", () => {
  const log =
    "6,1,1,-;usb 1-1: USB disconnect\n SUBSYSTEM=usb\n DEVICE=+usb:1-1\n4,2,2,-,caller=T1;two\\x0alines\n DEVICE=n5\n6,3,3,-;x\n";
  assertEquals(parseKmsg(log), [
    { class: "info", text: "usb 1-1: USB disconnect", device: "+usb:1-1" },
    { class: "info", text: "two", device: "n5" },
    { class: "info", text: "lines", device: "n5" },
    { class: "info", text: "x" },
  ]);
});
