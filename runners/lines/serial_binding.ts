/**
 * The serial ports of Linux, and lines of a console server, for `@serialport/stream`. They use the C library: under Deno, the
 * binding of the serialport package ends with EBADF or a segmentation fault.
 *
 * @example
 * ```ts ignore
 * import { SerialPortStream } from "@serialport/stream";
 * const port = new SerialPortStream({ binding: TwinlinkBinding, path: "/dev/ttyUSB0", baudRate: 115200 });
 * ```
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type {
  BindingInterface,
  BindingPortInterface,
  OpenOptions,
  PortInfo,
  PortStatus,
  SetOptions,
  UpdateOptions,
} from "@serialport/bindings-interface";
import { networkLine } from "../../boards/line_words.ts";
import { CanceledError } from "./_canceled.ts";
import { openNetworkLine } from "./network_lines.ts";
import {
  closeFd,
  controlInt,
  controlValue,
  errno,
  getBaudRate,
  getTermios,
  LibcError,
  lockFd,
  openTty,
  poller,
  readFd,
  setRaw,
  setTermios,
  unlockFd,
  writeFd,
} from "./tty.ts";

const TIOCM_DTR = 0x2, TIOCM_RTS = 0x4, TIOCM_CTS = 0x20, TIOCM_CD = 0x40, TIOCM_DSR = 0x100;
const TCIFLUSH = 0, TCIOFLUSH = 2;

/** An open port. Reads and writes never block a thread; a write ends when the kernel has accepted every byte. */
class TwinlinkPort implements BindingPortInterface {
  readonly openOptions: Required<OpenOptions>;
  isOpen = true;
  #fd: number;
  #before: Uint8Array<ArrayBuffer>;
  #writing: Promise<void> = Promise.resolve();

  /** Called by {@linkcode TwinlinkBinding}'s `open` */
  constructor(fd: number, before: Uint8Array<ArrayBuffer>, options: Required<OpenOptions>) {
    this.#fd = fd;
    this.#before = before;
    this.openOptions = options;
  }

  /** Resolves with at least one byte. Rejects with `canceled` if the port is closed; with any other error the line is lost. */
  async read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    const into = new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset + offset, length);
    while (true) {
      this.#mustBeOpen();
      const bytesRead = readFd(this.#fd, into);
      if (bytesRead === 0) throw new Error("the line hung up");
      if (bytesRead !== null) return { buffer, bytesRead };
      await poller.wait(this.#fd, "read");
    }
  }

  /** Resolves when the kernel has accepted all bytes. */
  write(buffer: Buffer): Promise<void> {
    this.#writing = this.#write(buffer);
    return this.#writing;
  }

  async #write(buffer: Buffer): Promise<void> {
    const bytes = new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
    let sent = 0;
    while (sent < bytes.byteLength) {
      this.#mustBeOpen();
      const count = writeFd(this.#fd, bytes.subarray(sent));
      if (count === null) await poller.wait(this.#fd, "write");
      else sent += count;
    }
  }

  /** Releases the line as it was: drops unsent bytes, and restores settings and exclusive use. */
  async close(): Promise<void> {
    this.#mustBeOpen();
    this.isOpen = false;
    await poller.remove(this.#fd, new CanceledError("the port was closed"));
    // Otherwise the kernel's close waits up to 30 s for a line that flow control stopped.
    attempt(() => controlValue(this.#fd, "TCFLSH", TCIOFLUSH));
    attempt(() => setTermios(this.#fd, this.#before));
    attempt(() => controlValue(this.#fd, "TIOCNXCL"));
    letGo(this.#fd);
  }

  /** Changes the baud rate. */
  // deno-lint-ignore require-await
  async update({ baudRate }: UpdateOptions): Promise<void> {
    this.#mustBeOpen();
    setRaw(this.#fd, { ...this.openOptions, baudRate });
  }

  /** Sets DTR, RTS and break; a line without such wires (a pseudo terminal) ignores this. */
  // deno-lint-ignore require-await
  async set(options: SetOptions): Promise<void> {
    this.#mustBeOpen();
    unlessWireless(() => {
      const others = controlInt(this.#fd, "TIOCMGET") & ~(TIOCM_DTR | TIOCM_RTS);
      const wanted = (options.dtr === false ? 0 : TIOCM_DTR) | (options.rts === false ? 0 : TIOCM_RTS);
      controlInt(this.#fd, "TIOCMSET", others | wanted);
      controlValue(this.#fd, options.brk ? "TIOCSBRK" : "TIOCCBRK");
    });
  }

  /** Returns the state of CTS, DSR and DCD; all false on a line without such wires. */
  // deno-lint-ignore require-await
  async get(): Promise<PortStatus> {
    this.#mustBeOpen();
    const bits = unlessWireless(() => controlInt(this.#fd, "TIOCMGET")) ?? 0;
    return { cts: !!(bits & TIOCM_CTS), dsr: !!(bits & TIOCM_DSR), dcd: !!(bits & TIOCM_CD) };
  }

  /** Returns the speed that the driver has set. */
  // deno-lint-ignore require-await
  async getBaudRate(): Promise<{ baudRate: number }> {
    this.#mustBeOpen();
    return { baudRate: getBaudRate(this.#fd) };
  }

  /** Drops bytes that were received and not read, and bytes that were written and not sent. */
  // deno-lint-ignore require-await
  async flush(): Promise<void> {
    this.#mustBeOpen();
    controlValue(this.#fd, "TCFLSH", TCIOFLUSH);
  }

  /**
   * Resolves when everything was sent. It polls with TIOCOUTQ: tcdrain would block one of the few threads, forever on a line
   * that flow control stopped, and no event reports the end.
   */
  async drain(): Promise<void> {
    await this.#writing;
    while (true) {
      this.#mustBeOpen();
      const queued = unlessWireless(() => controlInt(this.#fd, "TIOCOUTQ")) ?? 0;
      if (queued === 0) return;
      const rest = queued * 10_000 / this.openOptions.baudRate;
      await new Promise((resolve) => setTimeout(resolve, Math.min(Math.max(rest, 1), 50)));
    }
  }

  #mustBeOpen(): void {
    if (!this.isOpen) throw new CanceledError("the port is closed");
  }
}

function attempt(action: () => void): void {
  try {
    action();
  } catch { /* the line is gone: nothing can be restored */ }
}

/** Returns undefined for a line without wires: pseudo terminals and some USB adapters fail with ENOTTY, EINVAL or EIO. */
function unlessWireless<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof LibcError && (error.errno === errno.ENOTTY || error.errno === errno.EINVAL)) return undefined;
    throw error;
  }
}

/** The binding: `list` and `open`; a path is a device, `tcp://HOST:PORT` or `rfc2217://HOST:PORT`. */
export const TwinlinkBinding: BindingInterface = {
  /** Returns the ports of this machine that have a device, from /sys/class/tty. */
  async list(): Promise<PortInfo[]> {
    const ports: PortInfo[] = [];
    const names = [...Deno.readDirSync("/sys/class/tty")].map((entry) => entry.name).sort();
    for (const name of names) {
      const device = `/sys/class/tty/${name}/device`;
      // Virtual consoles and pseudo terminals have no device; a ttyS of type 0 has no chip.
      if (await realPath(device) === undefined || await attribute(`/sys/class/tty/${name}/type`) === "0") continue;
      const usb = await usbDevice(device);
      const of = (file: string) => usb === undefined ? undefined : attribute(`${usb}/${file}`);
      ports.push({
        path: `/dev/${name}`,
        manufacturer: await of("manufacturer"),
        serialNumber: await of("serial"),
        pnpId: undefined,
        locationId: usb?.slice(usb.lastIndexOf("/") + 1),
        productId: await of("idProduct"),
        vendorId: await of("idVendor"),
      });
    }
    return ports;
  },

  /** Opens a port for this process only. Throws an Error with the reason, in one line. */
  async open(options: OpenOptions): Promise<BindingPortInterface> {
    const full: Required<OpenOptions> = {
      lock: true,
      dataBits: 8,
      stopBits: 1,
      parity: "none",
      rtscts: false,
      xon: false,
      xoff: false,
      xany: false,
      hupcl: true,
      ...options,
    };
    const { path } = options;
    const network = networkLine(path);
    if (network) return await openNetworkLine(full, network);
    let fd: number;
    try {
      fd = openTty(path);
    } catch (error) {
      if (error instanceof LibcError && error.errno === errno.EBUSY) throw new Error(await inUse(path));
      throw new Error(`Cannot open ${path}: ${reason(error, `open ${path}: `)}`, { cause: error });
    }
    try {
      if (full.lock && !lockFd(fd)) throw new Error(await inUse(path));
      let before;
      try {
        before = getTermios(fd);
      } catch (error) {
        throw new Error(`Cannot open ${path}: it is not a serial port`, { cause: error });
      }
      setRaw(fd, full);
      if (full.lock) controlValue(fd, "TIOCEXCL");
      // Bytes that arrived before the port was open are useless, and may be half a line.
      controlValue(fd, "TCFLSH", TCIFLUSH);
      poller.add(fd);
      return new TwinlinkPort(fd, before, full);
    } catch (error) {
      letGo(fd);
      throw error;
    }
  },
};

/**
 * Closes a port and releases its lock. A child process that is just being started also has the port, until its program begins.
 */
function letGo(fd: number): void {
  attempt(() => unlockFd(fd));
  closeFd(fd);
}

function reason(error: unknown, prefix: string): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

async function inUse(path: string): Promise<string> {
  const holder = await findHolder(path);
  return `Cannot open ${path}: serial port is in use${holder === undefined ? "" : ` by process ${holder}`}`;
}

/** Returns the process that has the port open, if this user may see it; other processes are preferred to this one. */
async function findHolder(path: string): Promise<number | undefined> {
  const real = await realPath(path);
  let own: number | undefined;
  for (const name of processes()) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    if (!hasOpen(pid, real)) continue;
    if (pid !== Deno.pid) return pid;
    own = pid;
  }
  return own;
}

/** True if a process has a file open. */
function hasOpen(pid: number, file: string | undefined): boolean {
  const fds = `/proc/${pid}/fd`;
  try {
    return [...Deno.readDirSync(fds)].some(({ name }) => {
      try {
        return Deno.readLinkSync(`${fds}/${name}`) === file;
      } catch {
        // It was closed meanwhile; continue with the other files
        return false;
      }
    });
  } catch {
    // Another user's process, or one that has ended
    return false;
  }
}

/** Returns the names in /proc; none if Deno may not read it: that needs all permissions. */
function processes(): string[] {
  try {
    return [...Deno.readDirSync("/proc")].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return [];
    throw error;
  }
}

async function realPath(path: string): Promise<string | undefined> {
  try {
    return await Deno.realPath(path);
  } catch {
    return undefined;
  }
}

async function attribute(path: string): Promise<string | undefined> {
  try {
    return (await Deno.readTextFile(path)).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Returns the USB device above a port: the nearest parent folder with a vendor id. */
async function usbDevice(device: string): Promise<string | undefined> {
  for (let folder = await realPath(device); folder && folder !== "/sys"; folder = folder.replace(/\/[^/]*$/, "")) {
    if (await attribute(`${folder}/idVendor`) !== undefined) return folder;
  }
  return undefined;
}
