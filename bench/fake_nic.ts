/** For tests: a NIC on a board that is a real sh. Its devlink(8) and ip(8) are scripts that print what the real tools printed. */

import type { FaultBoard } from "./fault_board.ts";

/** The handle of the NIC. */
export const NIC = "pci/0000:03:00.0";

async function tool(board: FaultBoard, name: string, script: string): Promise<void> {
  const path = `${board.dir}/bin/${name}`;
  await Deno.remove(path).catch(() => {});
  await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/**
 * Gives the board a NIC. Each call of devlink(8) adds a line to the board's file `asked`.
 *
 * @param more Further branches of the `case` over the arguments of devlink(8)
 */
export async function withNic(board: FaultBoard, more = ""): Promise<void> {
  await tool(
    board,
    "devlink",
    `echo "$*" >> ${board.dir}/asked
case "$*" in
  -V) echo "devlink utility, iproute2-7.3.0" ;;
  *monitor | *-b*) exit 1 ;;
  "-js dev show") echo '{"dev":{"${NIC}":{"stats":{"reload":{"driver_reinit":{"unspecified":0}}}},"pci/0000:03:00.1":{}}}' ;;
  "-j dev info ${NIC}") echo '{"info":{"${NIC}":{"driver":"mlx5_core","versions":{"running":{"fw":"16.35"}}}}}' ;;
  "-jn port show") echo '{"port":{"${NIC}/1":{"type":"eth","netdev":"p0","flavour":"physical"}}}' ;;
  "-j resource show ${NIC}") echo "kernel answers: Operation not supported" >&2; exit 1 ;;
${more}
  *) echo '{"any":{}}' ;;
esac`,
  );
  await tool(board, "ip", `[ "$1 $2" != "-j link" ] || echo '[{"ifname":"p0","flags":["UP"]}]'`);
}

/** Writes a file that describes the board, and returns its path. */
export async function nicFile(board: FaultBoard, handle = NIC, more = ""): Promise<string> {
  const file = `${board.dir}/nic.toml`;
  await Deno.writeTextFile(
    file,
    `name = "nic"\ndescription = "x"\nrunner = "remote"\nera = "6.12"\ndriver = "mlx5_core"\nhandle = "${handle}"\n` +
      `${more}[serial]\npath = "${board.address}"\n`,
  );
  return file;
}
