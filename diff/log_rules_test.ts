import { assert, assertEquals } from "@std/assert";
import type { KernelLine } from "../model/observation.ts";
import { LOG_RULES, unexplained } from "./_log_rules.ts";

const NETDEVSIM = { handles: new Set(["netdevsim/netdevsim10"]), buses: new Set<string>(), reported: false };
const line = (text: string, more: Partial<KernelLine> = {}): KernelLine => ({
  class: text.startsWith("WARNING: possible") ? "lockdep" : text.startsWith("WARNING: ") ? "warning" : "info",
  text,
  ...more,
});
const left = (lines: readonly KernelLine[], context = NETDEVSIM, predicted: readonly KernelLine[] = []) =>
  unexplained(lines, predicted, context).map(({ text }) => text);

/** Lines of real machines, by the rule that explains them, and lines that look alike and that it does not. */
const EXAMPLES: Readonly<Record<string, { explained: string[]; not: string[] }>> = {
  "renamed": {
    explained: ["netdevsim netdevsim10 tl0: renamed from eth0", "igb 0000:01:00.0 eno1: renamed from eth0 (while UP)"],
    not: ["netdevsim netdevsim10 tl0: renamed from eth0 twice"],
  },
  "module-taint": {
    explained: [
      "netdevsim: loading out-of-tree module taints kernel.",
      "netdevsim: module verification failed: signature and/or required key missing - tainting kernel",
    ],
    not: ["netdevsim: disagrees about version of symbol devlink_alloc"],
  },
  "firmware-debian": {
    explained: [
      "netdevsim netdevsim10: firmware: failed to load twinlink-missing.bin (-2)",
      "netdevsim netdevsim10: firmware: direct-loading firmware twinlink.bin",
    ],
    not: ["netdevsim netdevsim10: Direct firmware load for dummy failed with error -2"],
  },
  "firmware-debian-hint": {
    explained: ["firmware_class: See https://wiki.debian.org/Firmware for information about missing firmware"],
    not: ["firmware_class: something else"],
  },
  "sifted": { explained: ["twinlink: 3 more lines"], not: ["twinlink: no more lines"] },
  "link-ready": {
    explained: ["IPv6: ADDRCONF(NETDEV_CHANGE): eth1: link becomes ready"],
    not: ["IPv6: ADDRCONF(NETDEV_CHANGE): eth1: no buffer"],
  },
  "vlan-filter": {
    explained: ["8021q: adding VLAN 0 to HW filter on device eth0"],
    not: ["8021q: failed to add VLAN 0 to HW filter on device eth0"],
  },
  "bridge-port": {
    explained: ["br0: port 1(eth0) entered forwarding state"],
    not: ["br0: received packet on eth0 with own address as source address"],
  },
  "bond-slave": {
    explained: ["bond0: (slave eno1): link status definitely down, disabling slave"],
    not: ["bond0: (slave eno1): Error: Device is in use"],
  },
  "packet-log": { explained: ["[UFW BLOCK] IN=eth0 OUT= MAC=00:11 SRC=10.0.0.1"], not: ["IN= nothing"] },
  "audit": {
    explained: [
      'audit: type=1400 audit(1.2:3): apparmor="STATUS"',
      "kauditd_printk_skb: 12 callbacks suppressed",
    ],
    not: ["audit: kernel error"],
  },
  "crng": { explained: ["random: crng init done"], not: ["random: module"] },
  "programs-ratelimit": {
    explained: ["systemd: 32 output lines suppressed due to ratelimiting"],
    not: ["systemd: output lines suppressed"],
  },
  "suppressed": { explained: ["net_ratelimit: 12 callbacks suppressed"], not: ["callbacks suppressed"] },
  "hrtimer": { explained: ["hrtimer: interrupt took 4711 ns"], not: ["hrtimer: broken"] },
  "clocksource": {
    explained: [
      "clocksource: timekeeping watchdog on CPU0: hpet wd-wd read-back delay of 89000ns",
      "TSC found unstable after boot, most likely due to broken BIOS. Use 'tsc=unstable'.",
    ],
    not: ["clock: source"],
  },
  "clocksource-override": {
    explained: ["Override clocksource tsc is unstable and not HRT compatible - cannot switch while in HRT/NOHZ mode"],
    not: ["Override: clocksource"],
  },
  "perf": {
    explained: ["perf: interrupt took too long (2509 > 2500), lowering kernel.perf_event_max_sample_rate to 79500"],
    not: ["perf: interrupt lost"],
  },
  "rt-throttling": {
    explained: ["sched: RT throttling activated"],
    not: ["sched: Unexpected reschedule of offline CPU"],
  },
  "workqueue-hog": {
    explained: [
      "workqueue: nsim_dev_trap_report_work [netdevsim] hogged CPU for >10000us 4 times, consider switching to WQ_UNBOUND",
    ],
    not: ["workqueue: name exceeds WQ_NAME_LEN"],
  },
  "mlx5-card": {
    explained: [
      "mlx5_core 0000:08:00.0: firmware version: 16.35.2024",
      "mlx5_core 0000:08:00.0: 63.008 Gb/s available PCIe bandwidth (8.0 GT/s PCIe x8 link)",
    ],
    not: ["mlx5_core 0000:08:00.0: fw query isn't supported by the FW"],
  },
  "mlx5-capabilities": {
    explained: ["mlx5_core 0000:08:00.0: MLX5E: StrdRq(0) RqSz(1024) StrdSz(256) RxCqeCmprss(0 basic)"],
    not: ["mlx5_core 0000:08:00.0: mlx5e_nic_profile init failed, -5"],
  },
  "mlx5-health-buffer": {
    explained: [
      "mlx5_core 0000:01:00.0: print_health_info: assert_var[0] 0x00000000",
      "mlx5_core 0000:01:00.0: print_health_info: raw fw_ver 0x00000000",
    ],
    not: ["mlx5_core 0000:01:00.0: print_health_info: Health issue observed, High temperature, severity(3) ERROR:"],
  },
  "mlx5-flow-counters": {
    explained: ["mlx5_core 0000:01:00.0: Flow counters bulk query buffer size increased, bulk_query_len(1)"],
    not: ["mlx5_core 0000:01:00.0: Flow counters bulk query buffer size decreased, bulk_query_len(1)"],
  },
  "mlx5-vital": {
    explained: ["mlx5_core 0000:01:00.0: wait vital counter value 0x14f9 after 1 iterations"],
    not: ["mlx5_core 0000:01:00.0: wait vital failed with error code: -110"],
  },
  "mlx5-link": {
    explained: ["mlx5_core 0000:08:00.0 eth1: Link up"],
    not: ["mlx5_core 0000:08:00.0 eth1: Link layer is down"],
  },
  "mlxsw-emad-retry": {
    explained: ["mlxsw_spectrum 0000:00:02.0: EMAD retries (1/5) (tid=a082e9d7000001cd)"],
    not: ["mlxsw_spectrum 0000:00:02.0: EMAD reg access failed (reg_id=2002(spad),type=query,status=7(bad parameter))"],
  },
  "mlxsw-link": {
    explained: [
      "mlxsw_spectrum 0000:00:02.0 eth1: link up",
      "mlxsw_spectrum2 0000:00:02.0 eth1 (unregistering): link down",
    ],
    not: ["mlxsw_spectrum 0000:00:02.0 eth1: Failed to set link"],
  },
  "stmmac-probe": {
    explained: [
      "intel-eth-pci 0000:01:00.0: User ID: 0x51, Synopsys ID: 0x52",
      "intel-eth-pci 0000:01:00.0: \tDWMAC4/5",
      "intel-eth-pci 0000:01:00.0: Using 32/32 bits DMA host/device width",
    ],
    not: ["intel-eth-pci 0000:01:00.0: stmmac_dvr_probe: MDIO bus (id: 1) registration failed"],
  },
  "stmmac-phy-found": {
    explained: ["Marvell 88E1510 stmmac-1:01: attached PHY driver (mii_bus:phy_addr=stmmac-1:01, irq=POLL)"],
    not: ["Marvell 88E1510 stmmac-1:01: phy_check_link_status: error -5"],
  },
  "stmmac-open": {
    explained: [
      "intel-eth-pci 0000:01:00.0 eth1: Register MEM_TYPE_PAGE_POOL RxQ-0",
      "intel-eth-pci 0000:01:00.0 eth1: registered PTP clock",
    ],
    not: ["intel-eth-pci 0000:01:00.0 eth1: NETDEV WATCHDOG: CPU: 0: transmit queue 3 timed out"],
  },
  "stmmac-axi": {
    explained: ["dwmac4: Master AXI performs any burst length"],
    not: ["dwmac4: Failed to reset the dma"],
  },
};

for (const { id, reason, source } of LOG_RULES) {
  Deno.test(`kernel log, rule ${id}: explains its own lines and no others`, () => {
    const { explained, not } = EXAMPLES[id]!;
    assert(reason.length > 10 && source.length > 5);
    assertEquals(left(explained.map((text) => line(text))), []);
    assertEquals(left(not.map((text) => line(text))), not);
  });
}

Deno.test("kernel log: what devices under test, and whatever belongs to them, say is compared", () => {
  const of = (device: string, ...handles: string[]) =>
    left([line("it speaks", { device })], { ...NETDEVSIM, handles: new Set(handles) }).length === 1;
  assertEquals(of("+netdevsim:netdevsim10", "netdevsim/netdevsim10"), true);
  assertEquals(of("+netdevsim:netdevsim11", "netdevsim/netdevsim10"), true);
  assertEquals(of("+pci:0000:01:00.0", "pci/0000:01:00.0"), true);
  assertEquals(of("+pci:0000:01:00.1", "pci/0000:01:00.0"), true, "another function");
  assertEquals(of("+pci:0000:01:10.2", "pci/0000:01:00.0"), true, "a VF");
  assertEquals(of("+auxiliary:mlx5_core.eth.0", "pci/0000:01:00.0"), true);
  assertEquals(of("+mdio_bus:f1072004.mdio-mii:00", "platform/f1070000.ethernet"), true);
  assertEquals(of("+platform:f1070000.pcs", "platform/f1070000.ethernet"), true);
  assertEquals(of("n5", "pci/0000:01:00.0"), true, "a netdev without a device");
  assertEquals(of("+pci:0000:02:00.0", "pci/0000:01:00.0"), false);
  assertEquals(of("+pci:0000:02:00.0", "netdevsim/netdevsim10"), false);
  assertEquals(of("+usb:1-1", "pci/0000:01:00.0"), false);
  assertEquals(of("b8:0", "pci/0000:01:00.0"), false);
  // A sequence that names no instance, and one that binds drivers on a bus.
  assertEquals([of("+platform:fakemac.0"), of("+usb:1-1")], [true, false]);
  const platform = { ...NETDEVSIM, buses: new Set(["platform"]) };
  assertEquals(left([line("it speaks", { device: "+platform:fakemac.0" })], platform), ["it speaks"]);
  assertEquals(left([line("it speaks", { device: "+platform:fakemac.0" })]), []);
  const vfs = { handles: new Set(["pci/0000:01:00.0"]), buses: new Set(["pci"]), reported: false };
  assertEquals(left([line("NIC Link is Up", { device: "+pci:0000:05:00.0" })], vfs), [], "another NIC");
});

Deno.test("kernel log: a report's lines belong to its finding, and what else is logged meanwhile is compared", () => {
  const report = [
    "------------[ cut here ]------------",
    "WARNING: CPU: 0 PID: 300 at net/devlink/core.c:460 devlink_free+0x8f/0x1a0",
    "Modules linked in: netdevsim(OE) macsec",
    "CPU: 0 UID: 0 PID: 300 Comm: busybox Tainted: G        W  OE      6.12.117+deb13-amd64 #1  Debian 6.12.117-1",
    "RIP: 0010:devlink_free+0x8f/0x1a0",
    "RSP: 0018:ffffc90000053d70 EFLAGS: 00010286",
    "Call Trace:",
    " <TASK>",
    " nsim_drv_remove+0x9b/0xb0 [netdevsim]",
    " ? do_syscall_64+0x82/0x190",
    " </TASK>",
    "---[ end trace 0000000000000000 ]---",
  ];
  const extra = "debugfs: File 'take_snapshot' in directory 'netdevsim10' already present!";
  const reported = { ...NETDEVSIM, reported: true };
  assertEquals(left([...report, extra].map((text) => line(text)), reported), [report[1]!, extra]);
  assertEquals(left([...report.slice(0, 5), extra, ...report.slice(5)].map((text) => line(text)), reported), [
    report[1]!,
    extra,
  ]);
  // Without a finding nothing of the kind is expected.
  const stack = report.filter((text) => line(text).class === "info");
  assertEquals(left(stack.map((text) => line(text))), stack);
});

Deno.test("kernel log: an oops that is a jump into data begins with a line of its own", () => {
  const jumps = [
    "kernel tried to execute NX-protected page - exploit attempt? (uid: 0)",
    "unable to execute userspace code (SMEP?) (uid: 0)",
  ].map((text) => line(text));
  assertEquals(left(jumps, { ...NETDEVSIM, reported: true }), []);
  assertEquals(left(jumps), jumps.map(({ text }) => text));
});

Deno.test("kernel log: the report of lockdep is free text up to its stack", () => {
  const report = [
    "WARNING: possible circular locking dependency detected",
    "devlink/151 is trying to acquire lock:",
    "but task is already holding lock:",
    "stack backtrace:",
  ];
  const reported = { ...NETDEVSIM, reported: true };
  const extra = "devlink says something";
  assertEquals(left([...report, extra].map((text) => line(text)), reported), [report[0]!, extra]);
});

Deno.test("kernel log: a line that the model predicts stays, whatever explains it", () => {
  const text = "hrtimer: interrupt took 4711 ns";
  assertEquals(left([line(text)], NETDEVSIM, [line(text)]), [text]);
});
