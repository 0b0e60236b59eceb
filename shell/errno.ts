/**
 * The texts of errnos in the C library of the machine.
 *
 * @module
 */

/** strerror(3) of glibc, by the name of the errno. */
const TEXTS: Readonly<Record<string, string>> = {
  EPERM: "Operation not permitted",
  ENOENT: "No such file or directory",
  ESRCH: "No such process",
  EIO: "Input/output error",
  ENXIO: "No such device or address",
  E2BIG: "Argument list too long",
  EBADF: "Bad file descriptor",
  EAGAIN: "Resource temporarily unavailable",
  ENOMEM: "Cannot allocate memory",
  EACCES: "Permission denied",
  EFAULT: "Bad address",
  EBUSY: "Device or resource busy",
  EEXIST: "File exists",
  EXDEV: "Invalid cross-device link",
  ENODEV: "No such device",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  EINVAL: "Invalid argument",
  EFBIG: "File too large",
  ENOSPC: "No space left on device",
  EROFS: "Read-only file system",
  ERANGE: "Numerical result out of range",
  EMSGSIZE: "Message too long",
  EOPNOTSUPP: "Operation not supported",
  ENOTSUPP: "Unknown error 524",
  ENETUNREACH: "Network is unreachable",
  ENETDOWN: "Network is down",
  ENOBUFS: "No buffer space available",
  ETIMEDOUT: "Connection timed out",
  ECANCELED: "Operation canceled",
  EALREADY: "Operation already in progress",
  EPROTONOSUPPORT: "Protocol not supported",
  ENOSYS: "Function not implemented",
  ENOTEMPTY: "Directory not empty",
  ENOTUNIQ: "Name not unique on network",
};

/** Returns the text of an errno by its name. */
export function errorText(errno: string): string {
  return TEXTS[errno] ?? errno;
}
