/** What broke, by reports of real kernels (shortened: without registers). */

import { assertEquals } from "@std/assert";
import type { KernelLineClass } from "../model/observation.ts";
import { crashOf, describeCrash } from "./crash.ts";

const log = (text: string, first: KernelLineClass, others: Record<string, KernelLineClass> = {}) =>
  text.trim().split("\n").map((text, i) => ({
    class: i === 0 ? first : Object.entries(others).find(([start]) => text.startsWith(start))?.[1] ?? "info" as const,
    text,
  }));
const said = (...of: Parameters<typeof log>) => describeCrash(crashOf(log(...of))!);

const OOPS_6_1 = `
BUG: kernel NULL pointer dereference, address: 0000000000000008
Oops: 0000 [#1] PREEMPT SMP NOPTI
CPU: 0 PID: 47 Comm: kworker/0:2 Tainted: G           OE      6.1.0-56-amd64 #1  Debian 6.1.192-2
Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1 04/01/2014
Workqueue: events_power_efficient phylink_resolve [phylink]
RIP: 0010:phylink_mac_pcs_get_state+0x7c/0xd0 [phylink]
Call Trace:
 <TASK>
 phylink_resolve+0x31c/0x570 [phylink]
 ? process_one_work+0x1c7/0x380
 process_one_work+0x1c7/0x380
 worker_thread+0x4d/0x380
 ? rescuer_thread+0x3a0/0x3a0
 kthread+0xda/0x100
 ? kthread_complete_and_exit+0x20/0x20
 ret_from_fork+0x22/0x30
 </TASK>
Modules linked in: fakephy(OE) netdevsim(OE) phylink(E) libphy(E) psample(E) virtio_console(E) virtio_net(E) n
---[ end trace 0000000000000000 ]---
`;
const OOPS_7_2 = `
Oops: general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6b9b: 0000 [#1] SMP NOPTI
CPU: 0 UID: 0 PID: 49 Comm: kworker/0:2 Tainted: G           OE       7.2.13+deb14-amd64 #1 PREEMPT(lazy)  Deb
Tainted: [O]=OOT_MODULE, [E]=UNSIGNED_MODULE
Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1 04/01/2014
Workqueue: events_power_efficient phylink_resolve [phylink]
RIP: 0010:phylink_mac_pcs_get_state+0x7a/0xc0 [phylink]
Call Trace:
 <TASK>
 phylink_resolve+0x57a/0x930 [phylink]
 ? psi_task_switch+0x25e/0x3b0
 ? process_one_work+0x19e/0x370
 ? __pfx_phylink_resolve+0x10/0x10 [phylink]
 process_one_work+0x19e/0x370
 worker_thread+0x1a6/0x310
 ? __pfx_worker_thread+0x10/0x10
 kthread+0xe4/0x120
 ? __pfx_kthread+0x10/0x10
 ret_from_fork+0x2b1/0x340
 ? __pfx_kthread+0x10/0x10
 ret_from_fork_asm+0x1a/0x30
 </TASK>
Modules linked in: fakephy(OE) netdevsim(OE) phylink(E) psample(E) virtio_net(E) net_failover(E) failover(E)
clocksource: Marking clocksource tsc unstable due to frequency skew
clocksource: Watchdog                    hpet interval:            67710ns
clocksource: Clocksource                  tsc interval:            65283ns
tsc: Marking TSC unstable due to clocksource watchdog
---[ end trace 0000000000000000 ]---
`;
/** A call through a pointer into freed memory: the place is no function. */
const JUMP_7_2 = `
Oops: general protection fault: 0000 [#2] SMP NOPTI
CPU: 0 UID: 0 PID: 174 Comm: ethtool Tainted: G      D    OE       7.2.13+deb14-amd64 #1 PREEMPT(lazy)  Debian
Tainted: [D]=DIE, [O]=OOT_MODULE, [E]=UNSIGNED_MODULE
Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1 04/01/2014
RIP: 0010:0x4957410000441f0f
Call Trace:
 <TASK>
 linkmodes_prepare_data+0x3b/0xc0
 ethnl_default_doit+0x231/0x670
 genl_family_rcv_msg_doit+0x148/0x1a0
 genl_rcv_msg+0x1cc/0x300
 netlink_rcv_skb+0xcd/0x150
 genl_rcv+0x28/0x40
 netlink_unicast+0x2b7/0x3f0
 netlink_sendmsg+0x21f/0x470
 __sys_sendto+0x226/0x230
 __x64_sys_sendto+0x24/0x30
 do_syscall_64+0xe1/0x650
 entry_SYSCALL_64_after_hwframe+0x76/0x7e
RIP: 0033:0x7feb34603a02
`;
const KASAN_6_12 = `
BUG: KASAN: slab-use-after-free in phylink_mac_pcs_get_state+0xf0/0x180
Read of size 8 at addr ffff888003ab6ea8 by task kworker/0:1/11

CPU: 0 UID: 0 PID: 11 Comm: kworker/0:1 Tainted: G           O       6.12.117 #1 
Tainted: [O]=OOT_MODULE
Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1 04/01/2014
Workqueue: events_power_efficient phylink_resolve
Call Trace:
 <TASK>
 dump_stack_lvl+0x6b/0xa0
 print_report+0xc7/0x630
 kasan_report+0xec/0x120
 __asan_load8+0x69/0x90
 phylink_mac_pcs_get_state+0xf0/0x180
 phylink_resolve+0x583/0x880
 process_one_work+0x4a6/0xb50
 worker_thread+0x2d2/0x550
 kthread+0x183/0x1c0
 ret_from_fork+0x31/0x60
 ret_from_fork_asm+0x11/0x20
 </TASK>

Allocated by task 89:
 kasan_save_stack+0x39/0x60
 kasan_save_track+0x14/0x30
 kasan_save_alloc_info+0x37/0x40
 __kasan_kmalloc+0x90/0xa0
 __kmalloc_node_track_caller_noprof+0x19e/0x410
 devm_kmalloc+0x3f/0xd0
`;
const ARM64 = `
Unable to handle kernel paging request at virtual address 006b6b6b6b6b6b73
Internal error: Oops: 0000000096000004 [#1] SMP
pc : phylink_mac_pcs_get_state+0x58/0xa0
lr : phylink_resolve+0x1f4/0x5c0
Call trace:
 phylink_mac_pcs_get_state+0x58/0xa0
 phylink_resolve+0x1f4/0x5c0
 process_one_work+0x178/0x3d0
---[ end trace 0000000000000000 ]---
`;

Deno.test("crashOf() names the place of an oops and who called it", () => {
  const place = "oops in phylink_mac_pcs_get_state <- phylink_resolve <- process_one_work";
  assertEquals(said(OOPS_6_1, "oops", { Oops: "oops" }), place);
  assertEquals(said(OOPS_7_2, "oops"), place);
  assertEquals(said(ARM64, "oops", { Internal: "oops" }), place);
  assertEquals(
    said(JUMP_7_2, "oops"),
    "oops in linkmodes_prepare_data <- ethnl_default_doit <- genl_family_rcv_msg_doit",
  );
});

Deno.test("crashOf() takes the guesses of the unwinder where the kernel jumped into data", () => {
  const jump = [
    "BUG: unable to handle page fault for address: ffff888005c67b60",
    "RIP: 0010:0xffff888005c67b60",
    "Call Trace:",
    " <TASK>",
    " ? led_trigger_event+0x3f/0x60",
    " ? phy_stop+0x75/0x120",
    " </TASK>",
  ].join("\n");
  assertEquals(said(jump, "oops"), "oops in led_trigger_event <- phy_stop");
});

Deno.test("crashOf() names the place of a KASAN report, without the reporting itself", () => {
  const place = "kasan in phylink_mac_pcs_get_state <- phylink_resolve <- process_one_work";
  assertEquals(said(KASAN_6_12, "kasan"), place);
  assertEquals(said(KASAN_6_12.replace("__asan_load8", "a_newer_report"), "kasan"), place);
});

Deno.test("crashOf() tells of the gravest report; of a log without one, nothing", () => {
  const warning = { class: "warning" as const, text: "WARNING: CPU: 0 PID: 1 at net/core/dev.c:1 dev_open+0x1/0x2" };
  const { class: kind, frames } = crashOf([warning, ...log(OOPS_7_2, "oops")])!;
  assertEquals([kind, frames[0]], ["oops", "phylink_mac_pcs_get_state"]);
  assertEquals(crashOf([{ class: "oops", text: "BUG: kernel NULL pointer dereference" }]), {
    class: "oops",
    frames: [],
  });
  assertEquals(crashOf([{ class: "info", text: "Call Trace:" }]), undefined);
  assertEquals(crashOf([{ class: "stale", text: "fakepcs: fakepcs.0#1 pcs_disable on a removed PCS" }]), undefined);
});
