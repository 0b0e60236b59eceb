/** For tests: a folder that looks like a board's /sys and /proc, and a shell in which the guard asks about it. */

import { dirname, relative } from "node:path";

/** A board's /sys and /proc in a folder. */
export class FakeSysfs implements AsyncDisposable {
  readonly root: string;
  /** The output of `ip -o route get` and of `ip -o addr show to`, by address */
  readonly routes: Record<string, string> = {};
  readonly addresses: Record<string, string> = {};
  #mounts: string[] = [];
  #links = 0;

  constructor() {
    this.root = Deno.makeTempDirSync({ prefix: "twinlink-sysfs-" });
    this.folder("/sys/devices/virtual");
    this.folder("/proc/self");
  }

  folder(path: string): void {
    Deno.mkdirSync(this.root + path, { recursive: true });
  }

  file(path: string, text: string): void {
    this.folder(dirname(path));
    Deno.writeTextFileSync(this.root + path, `${text}\n`);
  }

  /** Adds a symbolic link, relative as in sysfs. */
  link(path: string, to: string): void {
    this.folder(dirname(path));
    this.folder(to);
    Deno.symlinkSync(relative(dirname(path), to), this.root + path);
  }

  /** Adds a device and its link on its bus; `driver` is `DRIVER` or `DRIVER:MODULE`. Returns the path of the device. */
  device(path: string, bus: string, driver?: string): string {
    const at = `/sys/devices/${path}`;
    const name = at.split("/").pop()!;
    this.file(`${at}/uevent`, "");
    this.link(`${at}/subsystem`, `/sys/bus/${bus}`);
    this.link(`/sys/bus/${bus}/devices/${name}`, at);
    if (driver !== undefined) {
      const [base, module] = driver.split(":");
      const folder = `/sys/bus/${bus}/drivers/${base}`;
      this.link(`${at}/driver`, folder);
      this.link(`${folder}/${name}`, at);
      if (module) this.module(folder, module);
    }
    return at;
  }

  module(folder: string, name: string): void {
    try {
      this.link(`${folder}/module`, `/sys/module/${name}`);
    } catch { /* the link exists: its driver has another device */ }
  }

  /** Adds a netdev of a device, or a virtual netdev with a type and its lower netdevs. */
  netdev(name: string, on: { device?: string; type?: string; lower?: string[] }): void {
    const at = on.device ? `${on.device}/net/${name}` : `/sys/devices/virtual/net/${name}`;
    this.file(`${at}/uevent`, `${on.type ? `DEVTYPE=${on.type}\n` : ""}INTERFACE=${name}`);
    this.link(`/sys/class/net/${name}`, at);
    if (on.device) this.link(`${at}/device`, on.device);
    for (const lower of on.lower ?? []) {
      this.link(
        `${at}/lower_${lower}`,
        Deno.realPathSync(`${this.root}/sys/class/net/${lower}`).slice(this.root.length),
      );
    }
  }

  /** Adds a block device of a device, or a virtual block device that is made of others. */
  block(number: string, name: string, on: { device?: string; partitionOf?: string; slaves?: string[] }): string {
    const at = on.partitionOf
      ? `${on.partitionOf}/${name}`
      : on.device
      ? `${on.device}/block/${name}`
      : `/sys/devices/virtual/block/${name}`;
    this.file(`${at}/uevent`, `DEVNAME=${name}`);
    this.link(`${at}/subsystem`, "/sys/class/block");
    this.link(`/sys/class/block/${name}`, at);
    this.link(`/sys/dev/block/${number}`, at);
    if (on.partitionOf) this.file(`${at}/partition`, "1");
    for (const slave of on.slaves ?? []) this.link(`${at}/slaves/${slave.split("/").pop()}`, slave);
    return at;
  }

  /** Adds a device link: `consumer` is unbound when `supplier` is unbound. */
  supplier(consumer: string, supplier: string, status = "active"): void {
    const at = `/sys/devices/virtual/devlink/link${++this.#links}`;
    this.file(`${at}/status`, status);
    this.file(`${at}/sync_state_only`, "0");
    this.link(`${at}/supplier`, supplier);
    this.link(`${consumer}/supplier:platform:${supplier.split("/").pop()}`, at);
  }

  mount(number: string, point: string, type: string, source: string, options = "rw"): void {
    const id = 20 + this.#mounts.length;
    this.#mounts.push(`${id} 1 ${number} / ${point} rw,relatime shared:${id} - ${type} ${source} ${options}`);
    this.file("/proc/self/mountinfo", this.#mounts.join("\n"));
  }

  /** Runs a script of the guard on this board with `shell` (`dash`, or `busybox` and its applet). */
  async ask(script: string, env: Record<string, string>, shell: readonly string[] = ["sh"]): Promise<string> {
    const cases = (answers: Record<string, string>) =>
      Object.entries(answers).map(([key, text]) => `    "${key}") echo "${text}" ;;\n`).join("");
    // A function takes precedence over busybox's applet of the same name.
    const ip = `ip() {
case "$*" in
  "-o route get "*) case $4 in
${cases(this.routes)}    *) return 2 ;; esac ;;
  "-o addr show to "*) case $5 in
${cases(this.addresses)}    esac ;;
esac
}
`;
    const [program, ...args] = shell;
    const child = new Deno.Command(program!, {
      args: [...args, "-s"],
      env: { PATH: "/usr/bin:/bin", TG_ROOT: this.root, TL_D: "/tmp/twinlink.x", LC_ALL: "C", ...env },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(ip + script));
    await writer.close();
    const { stdout, stderr } = await child.output();
    const said = new TextDecoder().decode(stderr);
    if (said !== "") throw new Error(`the guard's script said: ${said}`);
    return new TextDecoder().decode(stdout);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.root, { recursive: true });
  }
}

/** The address of the board in {@linkcode ordinary}; its client has 10.0.0.9. */
export const SSHD = "10.0.0.2";

/**
 * Returns a typical board: eth0 is on one PCI device, the disk with the root filesystem on another, and a third may be broken.
 */
export function ordinary(): FakeSysfs {
  const board = new FakeSysfs();
  const nic = board.device("pci0000:00/0000:00:01.0/0000:01:00.0", "pci", "igb:igb");
  board.device("pci0000:00/0000:00:01.0", "pci", "pcieport");
  board.netdev("eth0", { device: nic });
  board.device("pci0000:00/0000:00:02.0", "pci", "nvme:nvme");
  const disk = board.device("pci0000:00/0000:00:02.0/nvme/nvme0", "nvme");
  const sda = board.block("259:0", "nvme0n1", { device: disk });
  board.block("259:1", "nvme0n1p1", { partitionOf: sda });
  board.device("pci0000:00/0000:00:03.0", "pci", "mlx5_core:mlx5_core");
  board.mount("259:1", "/", "ext4", "/dev/root");
  board.routes["10.0.0.9"] = "10.0.0.9 dev eth0 src 10.0.0.2 uid 0";
  board.addresses[SSHD] = "2: eth0    inet 10.0.0.2/24 scope global eth0";
  return board;
}
