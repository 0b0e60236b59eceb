/** For tests and benchmarks: describes a guest in QEMU like a board of a lab; the guest outlives the runs on it. */

import type { Guest } from "../fixtures/mod.ts";
import { guestShell } from "../fixtures/qemu/testing.ts";
import { DEFAULT_DRIVER } from "../model/drivers/mod.ts";

/** The environment variable that passes the password of a guest's serial line. */
export const GUEST_PASSWORD = "TWINLINK_GUEST_PASSWORD";

/** How a guest is described as a board; by default, as a board on which sequences make devices. */
export interface GuestAs {
  driver: string;
  handle: string;
}

/** Writes the file of the board `guest`, which is reached over ssh, or over a serial line if its path is given. */
export async function writeGuestBoard(
  path: string,
  guest: Guest,
  line?: string,
  as: GuestAs = { driver: DEFAULT_DRIVER.name, handle: DEFAULT_DRIVER.start({}).handle },
): Promise<void> {
  const { host, port, user, identityFile, knownHostsFile } = guest.ssh;
  const way = line === undefined
    ? `[ssh]\nhost = "${host}"\nport = ${port}\nuser = "${user}"\n` +
      `identity_file = "${identityFile}"\nknown_hosts_file = "${knownHostsFile}"\n`
    : `[serial]\npath = "${line}"\nlogin = { user = "${guest.login.user}", password_env = "${GUEST_PASSWORD}" }\n`;
  await Deno.writeTextFile(
    path,
    `name = "guest"\ndescription = "a guest"\nrunner = "remote"\ndriver = "${as.driver}"\n` +
      // A guest may be broken.
      `handle = "${as.handle}"\ndisruption = "power"\n${way}`,
  );
}

/** Returns the leftovers of runs on a board: files, processes, devices, netns, the log level. */
export async function leftOnGuest(guest: Guest): Promise<string> {
  const { out } = await guestShell(
    guest,
    `ls -d /tmp/twinlink* 2>/dev/null; ls /run/netns 2>/dev/null; ls /sys/bus/${DEFAULT_DRIVER.bus}/devices; ` +
      "ps | grep -E 'devlink|ip -o monitor|/dev/kmsg' | grep -v grep; cat /proc/sys/kernel/printk_devkmsg",
  );
  return out.trim();
}

/** Waits until a condition is true, for about half a minute; returns false if it never is. */
export async function until(what: () => Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 150; i++) {
    if (await what()) return true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return false;
}
