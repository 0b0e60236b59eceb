/** An emulated mGBE: stock dwmac-intel, stmmac, pcs_xpcs and marvell probe it, and show the effects of a test's operations. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadBoard } from "../boards/mod.ts";
import type { DeviceEvent } from "../fixtures/devices/mod.ts";
import type { Guest } from "../fixtures/qemu/mod.ts";
import { guestShell, kernelTest } from "../fixtures/qemu/testing.ts";
import { bootBoard } from "../runners/boot_board.ts";
import { run } from "./child.ts";

const PHY = "/sys/bus/mdio_bus/devices/stmmac-1:01", MARVELL = "/sys/bus/mdio_bus/drivers/Marvell 88E1510";
const NETDEV = "/sys/class/net/eth1";

/** Runs a command in the guest, which succeeds; returns what it prints. */
async function shell(guest: Guest, command: string): Promise<string> {
  const { code, out, err } = await guestShell(guest, command);
  assertEquals([code, err], [0, ""], command);
  return out.trim();
}

/** Waits until a command prints a text. */
async function until(guest: Guest, command: string, text: string): Promise<void> {
  const loop = `for n in $(seq 100); do [ "$(${command})" = '${text}' ] && exit; sleep 0.1; done; ${command}; exit 1`;
  const { code, out } = await guestShell(guest, loop);
  assertEquals(code, 0, `${command} prints ${out}, not ${text}`);
}

const carrier = (guest: Guest, state: 0 | 1) => until(guest, `cat ${NETDEV}/carrier`, `${state}`);
const speed = (guest: Guest, mbits: number) => until(guest, `cat ${NETDEV}/speed`, `${mbits}`);
const counted = async (guest: Guest, counter: string) =>
  Number(await shell(guest, `cat ${NETDEV}/statistics/${counter}`));

/** A guest with the MAC, and what happened at the MAC. */
interface Booted {
  readonly guest: Guest;
  /** Returns the events since the last call, none of which is wrong */
  readonly since: () => Promise<DeviceEvent[]>;
}

/** Boots a board with the MAC. */
async function booted(board: string): Promise<Booted> {
  const events: DeviceEvent[] = [];
  const guest = await bootBoard(await loadBoard(board), { onEvent: (event) => events.push(event) });
  const since = async () => {
    await guest.devices[0]!.flush();
    const all = events.splice(0);
    assertEquals(all.filter(({ event }) => event === "wrong" || event === "defect"), []);
    return all;
  };
  return { guest, since };
}

/** Checks a MAC after its probe, and its link. */
async function look({ guest, since }: Booted, hasPcs: boolean, t: Deno.TestContext): Promise<void> {
  const [device] = guest.devices;

  await t.step("it probes, and its PHY has the driver of its kind", async () => {
    assertEquals(await shell(guest, `basename "$(readlink ${PHY}/driver)"`), "Marvell 88E1510");
    assertEquals(await shell(guest, `cat ${NETDEV}/address`), "02:54:57:00:20:00");
    const bus = (await since()).filter(({ event }) => event === "access");
    const scan = Math.max(...bus.filter(({ status }) => status === "no answer").map(({ count }) => Number(count ?? 1)));
    assert(scan > 50 && bus.length < 40, `${bus.length} lines for a scan of ${scan} accesses`);
    assertEquals(bus.some(({ access }) => access === "pcs 31.3 read"), hasPcs);
  });

  await t.step("its link follows the cable, as fast as both ends can", async () => {
    await shell(guest, "ip link set eth1 up");
    await carrier(guest, 1);
    await speed(guest, 1000);
    await device!.control({ link: { port: 0, up: false } });
    await carrier(guest, 0);
    await device!.control({ link: { port: 0, up: true, speed: 100 } });
    await carrier(guest, 1);
    await speed(guest, 100);
    const links = (await since()).filter(({ event }) => event === "link");
    assertEquals(links.slice(-2), [
      { event: "link", port: 0, up: false },
      { event: "link", port: 0, up: true, speed: 100 },
    ]);
  });
}

await kernelTest("6.12", "mgbe: dwmac-intel of 6.12 has the MAC by SGMII, and sends and receives", async (t) => {
  const { guest, since } = await booted("qemu-mgbe-6.12");
  await using _ = guest;
  await look({ guest, since }, true, t);

  await t.step(
    "packets that it sends complete, with an interrupt by queue; those that come in are counted",
    async () => {
      const before = await counted(guest, "tx_packets");
      // Each destination is a flow of its own, so that several queues send. Nobody answers
      const each = (command: string) => `for n in $(seq 2 31); do ${command} done`;
      await shell(guest, "ip addr add 192.0.2.1/24 dev eth1");
      await shell(guest, each("ip neigh add 192.0.2.$n lladdr 02:00:00:00:00:02 dev eth1;"));
      await shell(guest, `${each("ping -c 3 -i 0.01 -W 1 -q 192.0.2.$n > /dev/null &")}; wait`);
      assert(await counted(guest, "tx_packets") >= before + 90);
      await until(guest, `cat ${NETDEV}/queues/tx-*/byte_queue_limits/inflight | sort -u`, "0");
      const received = await counted(guest, "rx_packets");
      assertEquals(await guest.devices[0]!.control({ inject: { count: 100 } }), { port: 0, count: 100, received: 100 });
      await until(guest, `cat ${NETDEV}/statistics/rx_packets`, `${received + 100}`);
      const lines = await shell(guest, "grep -E 'eth1:[rt]x-[0-9]' /proc/interrupts");
      assertEquals(lines.split("\n").length, 16);
      assertMatch(lines, / [1-9]\d* .*eth1:rx-0/);
      assert(lines.match(/ [1-9]\d* .*eth1:tx-\d/g)!.length >= 3, lines);
      assert((await since()).some(({ event }) => event === "packets"));
    },
  );

  await t.step("with the netdev down, the PHY's driver is unbound and bound, and the MAC", async () => {
    await shell(guest, `ip link set eth1 down; echo stmmac-1:01 > '${MARVELL}/unbind'`);
    assertEquals(await shell(guest, `[ -e ${PHY}/driver ] || echo none`), "none");
    await shell(guest, `echo stmmac-1:01 > '${MARVELL}/bind'`);
    await shell(guest, "cd /sys/bus/pci/drivers/intel-eth-pci; echo 0000:01:00.0 > unbind; echo 0000:01:00.0 > bind");
    await shell(guest, "ip link set eth1 up");
    await carrier(guest, 1);
    await since();
  });
});

await kernelTest("7.3", "mgbe: dwmac-intel of 7.3 has the MAC by RGMII, and a devlink instance", async (t) => {
  const { guest, since } = await booted("qemu-mgbe-7.3-rgmii");
  await using _ = guest;
  await look({ guest, since }, false, t);

  await t.step("its parameter is the driver's own", async () => {
    const value = "devlink dev param show | grep -o 'value [a-z]*'";
    assertEquals(await shell(guest, value), "value false");
    await shell(guest, "devlink dev param set pci/0000:01:00.0 name phc_coarse_adj value true cmode runtime");
    assertEquals(await shell(guest, value), "value true");
    await since();
  });
});

const STARVED = "the board was starved of CPU time";

await kernelTest(
  "7.3",
  "mgbe: what a PHY's driver leaves when it is unbound under the MAC is as predicted",
  async () => {
    const seen: Record<string, string> = {
      "sgmii: the driver comes back": "the kernel complained in step 11 as the model predicted: warning in phy_stop",
      "sgmii: the netdev is taken down":
        "the kernel broke in step 5 as the model predicted: oops in led_set_brightness",
    };
    for (const [filter, note] of Object.entries(seen)) {
      let [code, said] = [3, STARVED];
      // On a busy machine the time of a step may prove nothing.
      for (let runs = 0; runs < 3 && said.includes(STARVED); runs++) {
        const ran = await run(["run", "phy", "--board", "qemu-mgbe-7.3", "--filter", filter]);
        [code, said] = [ran.code, `${ran.stdout}${ran.stderr}`];
        assertEquals(/^(infra|diverge|crash|model-gap) /m.test(said), false, said);
      }
      assertEquals(code, 0, said);
      assert(said.includes(note), said);
    }
  },
);
