/**
 * The first file of a board, as `twinlink boards new` writes it.
 *
 * @module
 */

import type { Address } from "./address.ts";
import { isLine } from "./transports/mod.ts";
import { jsonLine, visible } from "./visible.ts";

/** The content of a first file. All of it is text of the board, except for the address and the names. */
export interface FirstFile {
  name: string;
  address: Address;
  /** The devlink instance under test */
  handle: string;
  driver: string;
  /** All instances of the board; the driver is empty if it is not known */
  instances: readonly { handle: string; driver: string }[];
  /** `uname -r` */
  kernel: string;
  /** The output of `devlink -V` */
  iproute2: string;
  /** The environment variable with the password of a serial login */
  passwordEnv?: string | undefined;
}

/** A string in JSON is also a string in TOML. */
const value = (of: string | number) => jsonLine(of).trimEnd();
const comment = (text: string) => `# ${visible(text)}`;

/** Lines for keys that only the user knows, as comments. */
const MORE: Record<Address["transport"], string> = {
  ssh: `# identity_file = "~/.ssh/lab_ed25519"
# jump = "you@gate.lab.example"
# known_hosts_file = "lab_known_hosts" # host keys are always checked`,
  serial: "# rtscts = true # only where the line has RTS and CTS wired",
};

/**
 * Returns the text of a first board file: TOML with the detected values, and further keys as comments.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseAddress } from "./address.ts";
 * import { parseBoard } from "./board.ts";
 * import { firstFile } from "./first_file.ts";
 *
 * const text = firstFile({
 *   name: "dut4",
 *   address: parseAddress("ssh://root@dut4"),
 *   handle: "pci/0000:03:00.0",
 *   driver: "mlx5_core",
 *   instances: [{ handle: "pci/0000:03:00.0", driver: "mlx5_core" }],
 *   kernel: "6.12.1",
 *   iproute2: "devlink utility, iproute2-7.3.0",
 * });
 * const { handle, driver, ssh } = parseBoard(text, "dut4.toml");
 * assertEquals([handle, driver, ssh], ["pci/0000:03:00.0", "mlx5_core", { host: "dut4", user: "root" }]);
 * ```
 */
export function firstFile(file: FirstFile): string {
  const { name, address: { transport, keys }, handle, driver, instances, kernel, iproute2, passwordEnv } = file;
  const login = passwordEnv === undefined
    ? `# password_env = "BOARD_PASSWORD" # the environment variable that holds the password`
    : `password_env = ${value(passwordEnv)}`;
  return [
    "# A board of twinlink, written by: twinlink boards new. docs/adding-a-board.md describes all keys.",
    comment(`Found: kernel ${kernel}; ${iproute2}`),
    "",
    `name = ${value(name)}`,
    `description = ${value(`${driver} at ${handle}`)}`,
    `runner = "remote"`,
    "",
    "# The device under test: no sequence touches another one. The board has:",
    ...instances.map((one) => comment(`  ${one.handle}  ${one.driver || "(driver not known)"}`)),
    `handle = ${value(handle)}`,
    `driver = ${value(driver)}`,
    "",
    "# Without this list every sequence is tried, except for what resets the whole card (fw_activate).",
    `# capabilities = ["reload", "netns", "params", "health", "traps"]`,
    "# How far a sequence may go: reads, changes, link, resets (without the key), power (what no tear-down undoes).",
    `# disruption = "link"`,
    "# The model has the era of the kernel; force one for a vendor kernel whose number is misleading.",
    `# era = "6.12"`,
    "",
    `[${transport}]`,
    ...Object.entries(keys).map(([key, of]) => `${key} = ${value(of)}`),
    MORE[transport],
    ...(isLine(transport) ? ["", `[${transport}.login]`, `user = "root"`, login] : []),
    "",
    "# The console, if the kernel talks on another line than twinlink: each run records it.",
    "# [console]",
    `# path = "/dev/ttyUSB1"`,
    "",
    "# Your commands for power, each a list of arguments. Without them a broken kernel is rebooted by sysrq, if it can.",
    "# [power]",
    `# cycle = ["pdu", "cycle", "7"]`,
    "",
    "# What makes the board ready, as root, each time that twinlink connects and after each boot.",
    "# [ready]",
    `# modules = ["mlx5_core"]`,
    "",
  ].join("\n");
}
