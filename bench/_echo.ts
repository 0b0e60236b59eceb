/** `_echo.ts SOCKET IN OUT`: answers every IN bytes of one client with OUT bytes; it only calls the C library. */

import { acceptFrom, libc, listenOn, pinned } from "../fixtures/devices/vfio/libc.ts";

const [path, inSize, outSize] = Deno.args;
const listener = listenOn(path!);
console.log("ready");
const fd = acceptFrom(listener)!;
const into = pinned(Number(inSize)), out = pinned(Number(outSize));
const MSG_WAITALL = 0x100;
while (Number(libc().recv(fd, into, BigInt(into.length), MSG_WAITALL)) === into.length) {
  libc().send(fd, out, BigInt(out.length), 0);
}
Deno.removeSync(path!);
