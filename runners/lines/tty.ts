/**
 * The part of the C library that serial ports and pseudo terminals need, called by `Deno.dlopen`: open, termios, ioctl, flock,
 * non-blocking read and write, and one `epoll_wait` for all descriptors. Linux only; needs `--allow-ffi` without a path.
 *
 * Numbers are from the generic Linux ABI (include/uapi/asm-generic: fcntl.h, termbits.h, ioctls.h), which x86-64,
 * aarch64 and riscv64 share.
 *
 * @module
 */

const SYMBOLS = {
  open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  ioctl_value: { name: "ioctl", parameters: ["i32", "u64", "i64"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i64"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32", nonblocking: true },
  strerror: { parameters: ["i32"], result: "pointer" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let loaded: Libc | undefined;

function libc(): Libc {
  if (loaded === undefined) {
    if (Deno.build.os !== "linux") {
      throw new Deno.errors.NotSupported("Cannot use a serial port here: only Linux is supported");
    }
    loaded = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  }
  return loaded;
}

// Loaded with the module if no permission prompt is needed. Otherwise the sanitizer of tests would count the library, which
// stays loaded, as a leak of the first test that opens a port.
if (Deno.build.os === "linux" && Deno.permissions.querySync({ name: "ffi" }).state === "granted") libc();

/** The errno values that callers distinguish. */
export const errno = { EINTR: 4, EIO: 5, EAGAIN: 11, EBUSY: 16, EINVAL: 22, ENOTTY: 25 } as const;

/** A failed call into the C library. */
export class LibcError extends Error {
  override name = "LibcError";
  /** The errno of the kernel, for example 16 (EBUSY) */
  readonly errno: number;

  /** @param call The attempted call, for example `open /dev/ttyUSB0` */
  constructor(call: string, number: number) {
    const text = libc().strerror(number);
    super(`${call}: ${text === null ? `errno ${number}` : new Deno.UnsafePointerView(text).getCString()}`);
    this.errno = number;
  }
}

/** Returns the errno of this thread. Call it right after the failed call: any other call may overwrite it. */
function lastErrno(): number {
  const place = libc().__errno_location();
  return place === null ? 0 : new Deno.UnsafePointerView(place).getInt32();
}

function check(call: string, result: number): number {
  if (result < 0) throw new LibcError(call, lastErrno());
  return result;
}

const O_RDWR = 0o2, O_NOCTTY = 0o400, O_NONBLOCK = 0o4000, O_CLOEXEC = 0o2000000;

/** Opens a tty for reading and writing: non-blocking, closed on exec, never as the controlling terminal. Throws {@linkcode LibcError}. */
export function openTty(path: string): number {
  const name = new TextEncoder().encode(path + "\0");
  return check(`open ${path}`, libc().open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0));
}

/** Returns another descriptor of the same open file, closed on exec. Throws {@linkcode LibcError}. */
export function dupFd(fd: number): number {
  const F_DUPFD_CLOEXEC = 1030;
  return check("fcntl", libc().fcntl(fd, F_DUPFD_CLOEXEC, 0n));
}

/** Closes a descriptor. */
export function closeFd(fd: number): void {
  check("close", libc().close(fd));
}

/** Reads the available bytes. Returns their number, 0 at the end (the line hung up), or null if no byte is available yet. */
export function readFd(fd: number, into: Uint8Array<ArrayBuffer>): number | null {
  return transferred("read", Number(libc().read(fd, into, BigInt(into.byteLength))));
}

/** Writes as many bytes as fit. Returns their number, or null if none fits yet. */
export function writeFd(fd: number, bytes: Uint8Array<ArrayBuffer>): number | null {
  return transferred("write", Number(libc().write(fd, bytes, BigInt(bytes.byteLength))));
}

function transferred(call: string, result: number): number | null {
  if (result >= 0) return result;
  const number = lastErrno();
  if (number === errno.EAGAIN || number === errno.EINTR) return null;
  throw new LibcError(call, number);
}

/** Takes the advisory lock that picocom, screen and others also use; returns false if another process has it. */
export function lockFd(fd: number): boolean {
  const LOCK_EX = 2, LOCK_NB = 4;
  if (libc().flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
  const number = lastErrno();
  if (number === errno.EAGAIN) return false;
  throw new LibcError("flock", number);
}

/** Releases the lock, even if a child process that is just being started still has the descriptor. */
export function unlockFd(fd: number): void {
  const LOCK_UN = 8;
  check("flock", libc().flock(fd, LOCK_UN));
}

/** The ioctl requests that are used (asm-generic/ioctls.h). */
export const request = {
  TCGETS2: 0x802C542A,
  TCSETS2: 0x402C542B,
  TCFLSH: 0x540B,
  TIOCEXCL: 0x540C,
  TIOCNXCL: 0x540D,
  TIOCGEXCL: 0x80045440,
  TIOCOUTQ: 0x5411,
  FIONREAD: 0x541B,
  TIOCMGET: 0x5415,
  TIOCMSET: 0x5418,
  TIOCSBRK: 0x5427,
  TIOCCBRK: 0x5428,
  TIOCGPTN: 0x80045430,
  TIOCSPTLCK: 0x40045431,
} as const;

/** Calls an ioctl with a structure; throws {@linkcode LibcError}. */
export function control(fd: number, name: keyof typeof request, data: Uint8Array<ArrayBuffer>): void {
  check(name, libc().ioctl(fd, BigInt(request[name]), data));
}

/** Calls an ioctl with a plain number; throws {@linkcode LibcError}. */
export function controlValue(fd: number, name: keyof typeof request, value = 0): void {
  check(name, libc().ioctl_value(fd, BigInt(request[name]), BigInt(value)));
}

/** Calls an ioctl that reads or writes one int; returns it. */
export function controlInt(fd: number, name: keyof typeof request, value = 0): number {
  const int = new Int32Array([value]);
  control(fd, name, new Uint8Array(int.buffer));
  return int[0]!;
}

/** The settings of a serial line. */
export interface LineSettings {
  /** Bits per second, any number that the driver can divide */
  baudRate: number;
  /** @default {8} */
  dataBits?: 5 | 6 | 7 | 8;
  /** @default {1} */
  stopBits?: 1 | 1.5 | 2;
  /** @default {"none"} */
  parity?: string;
  /** Flow control by the RTS and CTS wires */
  rtscts?: boolean;
  /** Stop sending at XOFF from the other side */
  xon?: boolean;
  /** Send XOFF when the input is full */
  xoff?: boolean;
  /** Let any character restart the output after XOFF */
  xany?: boolean;
  /** Drop DTR on the last close */
  hupcl?: boolean;
}

const TERMIOS2_SIZE = 44, C_CC = 17, VTIME = 5, VMIN = 6;
const CSTOPB = 0o100, CREAD = 0o200, PARENB = 0o400, PARODD = 0o1000, HUPCL = 0o2000, CLOCAL = 0o4000;
const BOTHER = 0o10000, CRTSCTS = 0o20000000000;
const IXON = 0o2000, IXANY = 0o4000, IXOFF = 0o10000;
const PARITY: Record<string, number> = { none: 0, even: PARENB, odd: PARENB | PARODD };

/** Returns the settings of a line as the kernel stores them (struct termios2, 44 bytes), to restore them later. */
export function getTermios(fd: number): Uint8Array<ArrayBuffer> {
  const termios = new Uint8Array(TERMIOS2_SIZE);
  control(fd, "TCGETS2", termios);
  return termios;
}

/** Restores settings from {@linkcode getTermios}, at once. */
export function setTermios(fd: number, termios: Uint8Array<ArrayBuffer>): void {
  control(fd, "TCSETS2", termios);
}

/** Makes a line raw: no echo, no line editing, no translation, no signals. Throws RangeError for invalid settings. */
export function setRaw(fd: number, settings: LineSettings): void {
  const { baudRate, dataBits = 8, stopBits = 1, parity = "none" } = settings;
  if (!Number.isInteger(baudRate) || baudRate < 50 || baudRate > 12_000_000) {
    throw new RangeError(`Cannot set the baud rate: ${baudRate} is not a whole number from 50 to 12000000`);
  }
  const parityBits = PARITY[parity];
  if (parityBits === undefined) throw new RangeError(`Cannot set the parity: "${parity}" is not none, even or odd`);
  const termios = getTermios(fd);
  const words = new Uint32Array(termios.buffer, 0, 4);
  words[0] = (settings.xon ? IXON : 0) | (settings.xoff ? IXOFF : 0) | (settings.xany ? IXANY : 0);
  words[1] = 0;
  words[2] = BOTHER | CREAD | CLOCAL | ((dataBits - 5) << 4) | (stopBits === 1 ? 0 : CSTOPB) | parityBits |
    (settings.rtscts ? CRTSCTS : 0) | (settings.hupcl ? HUPCL : 0);
  words[3] = 0;
  // With VMIN 1 a read of an empty line is EAGAIN, and a read of a line that hung up is 0; with VMIN 0 both would be 0.
  termios[C_CC + VMIN] = 1;
  termios[C_CC + VTIME] = 0;
  const speeds = new Uint32Array(termios.buffer, 36, 2);
  speeds[0] = speeds[1] = baudRate;
  setTermios(fd, termios);
}

/** Returns the speed that the driver has set, in bits per second. */
export function getBaudRate(fd: number): number {
  return new Uint32Array(getTermios(fd).buffer, 36, 2)[1]!;
}

/** Opens a pseudo terminal: returns the descriptor of its master side and the path of the other side. The caller closes it. */
export function openPty(): { fd: number; path: string } {
  const fd = openTty("/dev/ptmx");
  controlInt(fd, "TIOCSPTLCK", 0);
  return { fd, path: `/dev/pts/${controlInt(fd, "TIOCGPTN")}` };
}

const EPOLLIN = 0x1, EPOLLOUT = 0x4, EPOLLERR = 0x8, EPOLLHUP = 0x10, EPOLLONESHOT = 1 << 30;
const EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3;
const EFD_NONBLOCK = O_NONBLOCK, EFD_CLOEXEC = O_CLOEXEC;
// struct epoll_event is packed only on x86-64.
const EVENT_SIZE = Deno.build.arch === "x86_64" ? 12 : 16;
const EVENT_DATA = EVENT_SIZE - 8;
const EVENTS = 64;

interface Waiter {
  resolve(): void;
  reject(reason: unknown): void;
}

/**
 * Waits for all descriptors on one thread. Deno has 32 threads for blocking calls, so a blocking read for each port would
 * starve the 33rd port and file reads.
 */
class Poller {
  #epoll = -1;
  #wake = -1;
  #done: Promise<void> = Promise.resolve();
  #fds = new Map<number, { read?: Waiter; write?: Waiter }>();

  /** Adds a descriptor, so that it can be waited for until {@linkcode remove}. */
  add(fd: number): void {
    if (this.#epoll < 0) this.#start();
    this.#control(EPOLL_CTL_ADD, fd, EPOLLONESHOT);
    this.#fds.set(fd, {});
  }

  /** Waits until the descriptor can be read (or written), or hung up. Each direction may have one waiter. */
  wait(fd: number, direction: "read" | "write"): Promise<void> {
    const entry = this.#fds.get(fd);
    if (entry === undefined) return Promise.reject(new Deno.errors.BadResource("Cannot wait: the port is closed"));
    return new Promise((resolve, reject) => {
      entry[direction] = { resolve, reject };
      this.#arm(fd);
    });
  }

  /** Ends all waits for the descriptor with `reason`. Resolves when the descriptor may be closed. */
  async remove(fd: number, reason: unknown): Promise<void> {
    const entry = this.#fds.get(fd);
    if (entry === undefined) return;
    this.#fds.delete(fd);
    this.#control(EPOLL_CTL_DEL, fd, 0);
    entry.read?.reject(reason);
    entry.write?.reject(reason);
    if (this.#fds.size === 0) {
      writeFd(this.#wake, new Uint8Array(new BigUint64Array([1n]).buffer));
      await this.#done;
    }
  }

  #start(): void {
    this.#epoll = check("epoll_create1", libc().epoll_create1(O_CLOEXEC));
    this.#wake = check("eventfd", libc().eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    this.#control(EPOLL_CTL_ADD, this.#wake, EPOLLIN);
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    const events = new DataView(new ArrayBuffer(EVENTS * EVENT_SIZE));
    const counter = new Uint8Array(8);
    do {
      // The errno stays in the other thread. Only an interruption makes this call fail, so ask again.
      const count = await libc().epoll_wait(this.#epoll, new Uint8Array(events.buffer), EVENTS, -1);
      for (let i = 0; i < count; i++) {
        const flags = events.getUint32(i * EVENT_SIZE, true);
        const fd = events.getInt32(i * EVENT_SIZE + EVENT_DATA, true);
        if (fd === this.#wake) readFd(fd, counter);
        else this.#dispatch(fd, flags);
      }
    } while (this.#fds.size > 0);
    closeFd(this.#epoll);
    closeFd(this.#wake);
    this.#epoll = this.#wake = -1;
  }

  #dispatch(fd: number, flags: number): void {
    const entry = this.#fds.get(fd);
    if (entry === undefined) return;
    for (const [direction, flag] of [["read", EPOLLIN], ["write", EPOLLOUT]] as const) {
      if (flags & (flag | EPOLLHUP | EPOLLERR)) {
        entry[direction]?.resolve();
        delete entry[direction];
      }
    }
    if (entry.read || entry.write) this.#arm(fd);
  }

  #arm(fd: number): void {
    const entry = this.#fds.get(fd)!;
    this.#control(EPOLL_CTL_MOD, fd, EPOLLONESHOT | (entry.read ? EPOLLIN : 0) | (entry.write ? EPOLLOUT : 0));
  }

  #control(operation: number, fd: number, flags: number): void {
    const event = new DataView(new ArrayBuffer(EVENT_SIZE));
    event.setUint32(0, flags, true);
    event.setInt32(EVENT_DATA, fd, true);
    check("epoll_ctl", libc().epoll_ctl(this.#epoll, operation, fd, new Uint8Array(event.buffer)));
  }
}

/** The only poller of this process. */
export const poller: Poller = new Poller();
