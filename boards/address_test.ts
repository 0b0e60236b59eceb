import { assertEquals, assertThrows } from "@std/assert";
import { parseAddress } from "./address.ts";

Deno.test("parseAddress(): each form of an address", () => {
  const cases: [string, ReturnType<typeof parseAddress>][] = [
    ["ssh://10.0.0.2", { transport: "ssh", keys: { host: "10.0.0.2" }, name: "10.0.0.2" }],
    ["ssh://root@[fe80::1]:22/", {
      transport: "ssh",
      keys: { host: "fe80::1", port: 22, user: "root" },
      name: "fe80-1",
    }],
    ["serial:/dev/ttyUSB0", { transport: "serial", keys: { path: "/dev/ttyUSB0" }, name: "ttyUSB0" }],
    ["serial:/dev/ttyS1@9600", { transport: "serial", keys: { path: "/dev/ttyS1", baud: 9600 }, name: "ttyS1" }],
    ["rfc2217://lab.example:4001@9600", {
      transport: "serial",
      keys: { path: "rfc2217://lab.example:4001", baud: 9600 },
      name: "lab-4001",
    }],
    ["tcp://lab:4001", { transport: "serial", keys: { path: "tcp://lab:4001" }, name: "lab-4001" }],
  ];
  for (const [text, address] of cases) assertEquals(parseAddress(text), address, text);
});

Deno.test("parseAddress(): one line for an invalid address; a password is not repeated", () => {
  const cases: [string, RegExp][] = [
    ["root@dut4", /^Cannot use "root@dut4" as the address of a board: it is not ssh:\/\/\[USER@\]HOST/],
    ["http://dut4", /it is not ssh:/],
    ["serial:ttyS0", /it is not ssh:/],
    ["tcp://lab", /it is not ssh:/],
    ["tcp://lab:4001@9600", /leave out @BAUD/],
    ["serial:/dev/ttyS0@9999999", /is not a speed/],
    ["ssh://-oProxyCommand=x", /"-oProxyCommand=x" is not the name of a host/],
    ["ssh://$(id)@dut4", /"\$\(id\)" is not the name of a user/],
    ["ssh://dut4:0", /0 is not a port/],
    ["ssh://\u001b[2Jdut4", /Cannot use "ssh:\/\/\\e\[2Jdut4"/],
  ];
  for (const [text, message] of cases) {
    const { message: said } = assertThrows(() => parseAddress(text), TypeError);
    assertEquals([message.test(said), said.includes("\n")], [true, false], said);
  }
  const { message } = assertThrows(() => parseAddress("ssh://root:geheim@dut4"), TypeError, "with a password");
  assertEquals(message.includes("geheim"), false);
});
