/**
 * Lines of a kernel log that a step does not cause, each by a rule with its reason. A line that the model does not predict and
 * that no rule here explains is a difference.
 */

import { DRIVERS } from "../model/drivers/mod.ts";
import type { KernelLine } from "../model/observation.ts";
import type { Handle } from "../model/operation.ts";

/** A rule that explains lines of a kernel log. */
export interface LogRule {
  /** Names the rule; unique */
  id: string;
  /** Matches the whole line */
  pattern: RegExp;
  /** Why such a line proves nothing about the subsystem under test */
  reason: string;
  /** The place in the kernel, or the program, that prints the line */
  source: string;
}

/** The context for judging a line, beside its text. */
export interface LogContext {
  /** The devlink instances of the sequence; may be empty */
  handles: ReadonlySet<Handle>;
  /** The buses in the paths of the sequence's files, for example `platform` */
  buses: ReadonlySet<string>;
  /** True if the kernel reported a finding in this step or the one before */
  reported: boolean;
}

/** Matches the line in which the kernel reports that it dropped lines of one place in its code. */
const SUPPRESSED = /^\S+: \d+ callbacks suppressed$/;

/** Matches a report of a CPU that did not schedule for a long time. */
const STALL = /^rcu: INFO: .* stalls?\b|^watchdog: BUG: soft lockup/;

/** Matches evidence that a guest got no CPU from its host: timers and clocks that the guest's kernel cannot delay came late. */
const STARVED =
  /^(rcu: \S+ kthread timer wakeup didn't happen for \d+ jiffies!|clocksource: (timekeeping watchdog on CPU\d+: .* read-back delay of \d+ns|Long readout interval)|hrtimer: interrupt took \d{9,} ns$)/;

/** Rules for lines that any step may have. Most match one text of one place in the kernel. */
export const LOG_RULES: readonly LogRule[] = [
  {
    id: "renamed",
    pattern: /: renamed from \S+( \(while UP\))?$/,
    reason:
      "the old name of a netdev is a number that the board's kernel counted up, and udev of the board renames netdevs too",
    source: "net/core/dev.c",
  },
  {
    id: "module-taint",
    pattern:
      /^\w+: (loading out-of-tree module taints kernel\.|module verification failed: signature and\/or required key missing - tainting kernel|module license '.*' taints kernel\.)$/,
    reason: "states how a module was built, once per boot",
    source: "kernel/module",
  },
  {
    id: "firmware-debian",
    pattern: /: firmware: (failed to load \S+ \(-?\d+\)|direct-loading firmware \S+)$/,
    reason: "only Debian's kernels log each firmware file that they look for",
    source: "Debian's patch of drivers/base/firmware_loader/main.c",
  },
  {
    id: "firmware-debian-hint",
    pattern: /^firmware_class: See https:\/\/wiki\.debian\.org\/Firmware for information about missing firmware$/,
    reason: "only Debian's kernels log this, once per boot",
    source: "Debian's patch of drivers/base/firmware_loader/main.c",
  },
  {
    id: "sifted",
    pattern: /^twinlink: \d+ more lines$/,
    reason:
      "twinlink's agent counts the lines that it did not send; older recordings do not mark this line as a program's",
    source: "tl_sift of runners/agent/agent.sh",
  },
  {
    id: "link-ready",
    pattern: /^IPv6: ADDRCONF\(NETDEV_(CHANGE|UP)\): \S+: link (becomes ready|is not ready)$/,
    reason: "IPv6 of old kernels repeats what the channel `link` shows, when linkwatch has run",
    source: "net/ipv6/addrconf.c up to 6.4",
  },
  {
    id: "vlan-filter",
    pattern: /^8021q: adding VLAN 0 to HW filter on device \S+$/,
    reason: "module 8021q logs this for each netdev that comes up, if the board has it loaded",
    source: "net/8021q/vlan.c",
  },
  {
    id: "bridge-port",
    pattern:
      /^\S+: port \d+\(\S+\) (entered (blocking|listening|learning|forwarding|disabled) state|neighbor \S+ lost)$/,
    reason: "the bridges are the board's: no sequence has one",
    source: "net/bridge/br_stp.c, br_stp_timer.c",
  },
  {
    id: "bond-slave",
    pattern: /^\S+: \(slave \S+\): link status (definitely )?(up|down)\b/,
    reason: "the bonds are the board's: no sequence has one",
    source: "drivers/net/bonding/bond_main.c",
  },
  {
    id: "packet-log",
    pattern: /\bIN=\S* OUT=\S* /,
    reason: "the board's own firewall logs packets",
    source: "net/netfilter/nf_log_syslog.c",
  },
  {
    id: "audit",
    pattern:
      /^(audit: (type=\d+ audit\(|rate limit exceeded|backlog limit exceeded|audit_lost=)|kauditd_printk_skb: \d+ callbacks suppressed$)/,
    reason: "audits programs of the board",
    source: "kernel/audit.c",
  },
  {
    id: "crng",
    pattern: /^random: (crng (init|reseed)|\d+ urandom warning|\S+: uninitialized urandom read)/,
    reason: "the board has gathered entropy",
    source: "drivers/char/random.c",
  },
  {
    id: "programs-ratelimit",
    pattern: /^(printk: )?\S+: \d+ output lines suppressed due to ratelimiting$/,
    reason: "a program wrote more into the log than it may: lines of the kernel are not among those",
    source: "ratelimit_state_exit() for /dev/kmsg",
  },
  {
    id: "suppressed",
    pattern: SUPPRESSED,
    reason: "lines are missing: the step becomes indeterminate, see missingLines()",
    source: "lib/ratelimit.c",
  },
  {
    id: "hrtimer",
    pattern: /^hrtimer: interrupt took \d+ ns$/,
    reason: "the board or its host was slow",
    source: "kernel/time/hrtimer.c",
  },
  {
    id: "clocksource",
    pattern:
      /^(clocksource: |TSC found unstable after boot|tsc: (Marking TSC unstable|Refined TSC|Fast TSC)|sched_clock: Marking unstable )/,
    reason: "the board or its host was slow, or its clock is not to be trusted",
    source: "kernel/time/clocksource.c, arch/x86/kernel/tsc.c, kernel/sched/clock.c",
  },
  {
    id: "clocksource-override",
    pattern: /^Override clocksource \S+ is unstable and not HRT compatible/,
    reason: "belongs to the lines of rule clocksource",
    source: "kernel/time/clocksource.c",
  },
  {
    id: "perf",
    pattern: /^perf: interrupt took too long \(\d+ > \d+\), lowering kernel\.perf_event_max_sample_rate to \d+$/,
    reason: "the board or its host was slow",
    source: "kernel/events/core.c",
  },
  {
    id: "rt-throttling",
    pattern: /^sched: (RT throttling activated|DL replenish lagged too much)$/,
    reason: "the board or its host was slow",
    source: "kernel/sched",
  },
  {
    id: "workqueue-hog",
    pattern: /^workqueue: \S+( \[\w+\])? hogged CPU for >\d+us \d+ times, consider switching to WQ_(UNBOUND|BH)$/,
    reason: "measures in real time, which the host of a guest takes away",
    source: "kernel/workqueue.c from 6.6 on",
  },
  ...DRIVERS.flatMap(({ chatter = [] }) => chatter),
];

/** Lines that devlink and the modelled drivers log. */
const TESTED: readonly RegExp[] = [
  /^devlink[ :]/,
  /^Failed to reload devlink instance into init_net/,
  ...DRIVERS.flatMap(({ log = [] }) => log),
];

/** True for a line of the code under test: in rounds and races the model predicts neither their number nor their order. */
export function isOfTested({ text }: KernelLine): boolean {
  return TESTED.some((pattern) => pattern.test(text));
}

/** Lines of a kernel's report, which belong to its finding: the class of the finding is compared, see rule `kmsg-finding-text`. */
const REPORT_LINES: readonly LogRule[] = [
  {
    id: "report-frame",
    pattern: /^\s*(\? )?[\w.]+\+0x[0-9a-f]+\/0x[0-9a-f]+( \[\w+(?: [0-9a-f]+)?\])?( \(.*\))?$/,
    reason: "a frame of a stack",
    source: "kernel/stacktrace.c, arch/*/kernel",
  },
  {
    id: "report-edge",
    pattern:
      /^(-+\[ cut here \]-+|---\[ end (trace|Kernel panic) .*|[=-]{20,}| *<\/?(TASK|IRQ|NMI|SOFTIRQ|#DF)>|\s*(Call [Tt]race|stack backtrace|Stack|Modules linked in|Workqueue|Hardware name|Tainted|Code|FS|GS|CS|PKRU|DR\d|CR2|CPU|NMI backtrace for cpu \d+)\b.*)$/,
    reason: "where a report begins and ends, and on what machine",
    source: "kernel/panic.c, lib/dump_stack.c, arch/*/kernel",
  },
  {
    id: "report-registers",
    pattern:
      /^\s*([RE]?(AX|BX|CX|DX|SI|DI|BP|SP|IP)|R\d{1,2}|[xw]\d{1,2}|pc|lr|sp|pstate|r\d+|PSR|EFLAGS|#PF|PGD|P4D|pgd|Mem abort info|Data abort info|(ESR|EC|SET|EA|FSC|ISV|CM)\b.*|swapper pgtable)\b ?[:=(].*$/,
    reason: "registers and page tables of a report",
    source: "arch/*/kernel, arch/*/mm/fault.c",
  },
  {
    id: "report-page-tables",
    pattern: /^(PGD|P4D) [0-9a-f]+ /,
    reason: "page tables of a report",
    source: "arch/x86/mm/fault.c",
  },
  {
    id: "report-jump",
    pattern:
      /^(kernel tried to execute NX-protected page - exploit attempt\?|unable to execute userspace code \(SMEP\?\)) \(uid: \d+\)$/,
    reason: "the oops is a jump into memory that holds no code",
    source: "arch/x86/mm/fault.c: show_fault_oops()",
  },
  {
    id: "report-fate",
    pattern:
      /^(note: \S+\[\d+\] exited with (irqs disabled|preempt_count \d+)|Fixing recursive fault but reboot is needed!|Disabling lock debugging due to kernel taint|INFO: lockdep is turned off\.|turning off the locking correctness validator\.|irq event stamp: .*|(hard|soft)irqs last .*)$/,
    reason: "what a report has as its consequence",
    source: "kernel/exit.c, kernel/panic.c, kernel/locking/lockdep.c",
  },
  {
    id: "report-kasan",
    pattern:
      /^((Read|Write|Free) (of|at) (size|addr) |(Allocated|Freed|Last potentially related work creation|Second to last potentially related work creation)\b.*:$|The buggy address |[ ]?which belongs to |The buggy address is |Memory state around the buggy address:|[ >]?[0-9a-f]{16}: [0-9a-f ]+$| +\^$|page(_type)?: ?|flags: 0x|raw: [0-9a-f ]+$|head: [0-9a-f ]+$|page dumped because: kasan)/,
    reason: "what KASAN knows of the memory",
    source: "mm/kasan/report.c",
  },
  {
    id: "report-slub",
    pattern:
      /^(\[?(Poison|Redzone|Object padding|Padding) overwritten\]?|BUG [\w-]+ \(.*\): |FIX [\w-]+: |(Allocated|Freed) in \S+ age=|Slab 0x[0-9a-f]+ |Object 0x[0-9a-f]+ |(Redzone|Object|Padding|Bytes b4)\s+[0-9a-f]{16}: |0x[0-9a-f]{16}-0x[0-9a-f]{16} @offset=)/,
    reason: "what slub knows of memory that was overwritten",
    source: "mm/slub.c: object_err(), slab_bug(), slab_fix()",
  },
  {
    id: "report-locks",
    pattern:
      /^(Showing all locks held in the system:|(no|\d+) locks? held by \S+\.$|\d+ locks? held by \S+:$|no locks held by \S+|[ ]+#\d+: [0-9a-f]{16} )/,
    reason: "the locks that tasks hold, after a report",
    source: "kernel/locking/lockdep.c",
  },
  {
    id: "report-hung",
    pattern:
      /^( *(Not tainted|Tainted: ).*|"echo 0 > \/proc\/sys\/kernel\/hung_task_timeout_secs" disables this message\.|task:\S+ +state:\S.*|Future hung task reports are suppressed, see sysctl kernel\.hung_task_warnings)$/,
    reason: "what the hung task detector tells of the task",
    source: "kernel/hung_task.c, kernel/sched/core.c",
  },
  {
    id: "report-stall",
    pattern: /^(rcu: |Sending NMI from CPU|NMI backtrace )/,
    reason: "what RCU tells of the stall",
    source: "kernel/rcu/tree_stall.h",
  },
];

/** A report of lockdep is mostly free text: it begins with the finding and ends with this line. */
const LOCKDEP_ENDS = /^stack backtrace:/;

/** The buses whose devices are part of another device, so their lines may come from the device under test. */
const CHILDREN: ReadonlySet<string> = new Set([
  "auxiliary",
  "mdio_bus",
  "net",
  ...DRIVERS.flatMap(({ bus }) => bus ?? []),
]);

/** Hot-plug buses, into which people plug devices while a board runs. No sequence has a device there. */
const PLUGGED: ReadonlySet<string> = new Set(["usb", "hid", "input", "scsi", "serio", "mmc"]);

/**
 * True if a device that the sequence is not about logged a line: a device on a bus that the sequence does not use, or at
 * another place on the same PCI bus. If a sequence names no instance, its device is not known.
 *
 * @param device As `DEVICE=` in `/dev/kmsg` names it (Documentation/ABI/testing/dev-kmsg): `+pci:0000:01:00.0`, `b8:0`, `n5`
 */
function isOther(device: string, { handles, buses }: LogContext): boolean {
  if (/^[bc]\d+:\d+$/.test(device)) return true;
  const [, bus, name] = /^\+([^:]+):(.+)$/.exec(device) ?? [];
  if (bus === undefined || name === undefined || CHILDREN.has(bus)) return false;
  if (PLUGGED.has(bus)) return true;
  const names = [...handles].filter((handle) => handle.startsWith(`${bus}/`)).map((handle) =>
    handle.slice(bus.length + 1)
  );
  if (names.length === 0) return handles.size > 0 && !buses.has(bus);
  const place = (address: string) => /^[0-9a-f]{4,}:[0-9a-f]{2}(?=:)/.exec(address)?.[0];
  return bus === "pci" && !names.some((each) => place(each) === place(name));
}

/**
 * Returns the line of a stall that the host may have caused: the same log shows that the guest got no CPU.
 * Undefined if there is no such stall.
 */
export function starvedStall(log: readonly KernelLine[]): KernelLine | undefined {
  const starved = log.some(({ text, user }) => !user && STARVED.test(text));
  return starved ? log.find(isStall) : undefined;
}

/** True for a report of a CPU that did not schedule for a long time. */
export function isStall({ class: kind, text }: KernelLine): boolean {
  return kind === "hung" && STALL.test(text);
}

/** Returns the line that states that the kernel left lines out of its log; undefined if none does. Lines of audit do not count. */
export function missingLines(log: readonly KernelLine[]): string | undefined {
  return log.find(({ text, user }) => !user && SUPPRESSED.test(text) && !text.startsWith("kauditd_printk_skb: "))?.text;
}

/**
 * Returns the lines of a step that no rule explains, in order, without the source of the line, which the model does not predict.
 *
 * @param log The kernel's lines in the step
 * @param predicted The predicted lines: no rule removes them
 */
export function unexplained(
  log: readonly KernelLine[],
  predicted: readonly KernelLine[],
  context: LogContext,
): KernelLine[] {
  const expected = new Set(predicted.map((line) => line.text));
  const starved = starvedStall(log) !== undefined;
  let lockdep = false;
  return log.filter((line) => {
    if (line.class === "lockdep") lockdep = true;
    if (LOCKDEP_ENDS.test(line.text)) lockdep = false;
    if (starved && isStall(line)) return false;
    if (line.class !== "info" || expected.has(line.text)) return true;
    if (line.user || line.device !== undefined && isOther(line.device, context)) return false;
    if (lockdep) return false;
    const rules = context.reported ? [...LOG_RULES, ...REPORT_LINES] : LOG_RULES;
    return !rules.some(({ pattern }) => pattern.test(line.text));
  }).map(({ class: kind, text }) => ({ class: kind, text }));
}
