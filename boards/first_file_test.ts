import { assertEquals } from "@std/assert";
import { parseAddress } from "./address.ts";
import { parseBoard } from "./board.ts";
import { firstFile } from "./first_file.ts";

Deno.test("firstFile(): reports of a board stay text, in values and in comments", () => {
  const hostile = `pci/"\n[power]\ncycle = ["id"]\u001b[2J\u202e`;
  const text = firstFile({
    name: "mine",
    address: parseAddress("rfc2217://lab:4001@9600"),
    handle: "pci/0000:03:00.0",
    driver: "mlx5_core",
    instances: [{ handle: hostile, driver: hostile }, { handle: "a/b", driver: "" }],
    kernel: hostile,
    iproute2: hostile,
    passwordEnv: "LAB_PASSWORD",
  });
  // deno-lint-ignore no-control-regex
  assertEquals(/[\x00-\x09\x0b-\x1f\u202e]/.test(text), false);
  const { file: _, ...board } = parseBoard(text, "mine.toml");
  assertEquals(board, {
    name: "mine",
    description: "mlx5_core at pci/0000:03:00.0",
    runner: "remote",
    era: "auto",
    handle: "pci/0000:03:00.0",
    driver: "mlx5_core",
    serial: {
      path: "rfc2217://lab:4001",
      baud: 9600,
      rtscts: false,
      login: { user: "root", passwordEnv: "LAB_PASSWORD" },
    },
    waivers: [],
  });
});
