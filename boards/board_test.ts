import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { type Board, BoardError, listBoards, loadBoard, parseBoard, SHIPPED_BOARDS } from "./board.ts";
import { deviceOf } from "./devices/mod.ts";
import { BOARD_ERAS, boardJsonSchema } from "./schema.ts";
import { visible } from "./visible.ts";

const here = new URL(".", import.meta.url);
const REMOTE = `name = "b"
description = "d"
runner = "remote"
handle = "pci/0000:03:00.0"
driver = "mlx5_core"
`;

/** Returns the problems with which a file's text is refused. */
function problems(text: string): string[] {
  return [...assertThrows(() => parseBoard(text, "b.toml"), BoardError).problems];
}

Deno.test("each shipped board loads, under its own name, and each file is in the list", async () => {
  const boards = await listBoards();
  assertEquals(boards.map((board) => board.name), [...SHIPPED_BOARDS]);
  const files = [];
  for await (const entry of Deno.readDir(here)) {
    if (entry.name.endsWith(".toml")) files.push(entry.name.replace(".toml", ""));
  }
  assertEquals(files.sort(), [...SHIPPED_BOARDS].sort());
});

Deno.test("the worked examples load", async () => {
  const nic = await loadBoard(new URL("examples/connectx-7-ssh.toml", here).pathname);
  assertEquals(nic.ssh?.jump, "you@gate.lab.example");
  assertEquals(nic.waivers[0]?.expires, "2027-03-31");
  const pcs = await loadBoard(new URL("examples/rzn1-pcs-serial.toml", here).pathname);
  assertEquals(pcs.pcs?.pcs, { bus: "platform", driver: "rzn1_miic", device: "44030000.eth-miic" });
  const asic = await loadBoard(new URL("examples/spectrum-2-serial.toml", here).pathname);
  assertEquals(asic.serial?.login, { user: "root", passwordEnv: "SPECTRUM_PASSWORD" });
  assertEquals(asic.power?.on?.[0], "snmpset");
});

Deno.test("board.schema.json is up to date with the schema", async () => {
  const file = await Deno.readTextFile(new URL("board.schema.json", here));
  assertEquals(file, boardJsonSchema(), "stale: run `deno task schema`");
});

Deno.test("a board has its defaults, and camel case keys", () => {
  const board: Board = parseBoard(
    `${REMOTE}[serial]\npath = "/dev/ttyUSB0"\nlogin.password_command = ["pass", "b"]\n`,
    "b.toml",
  );
  assertEquals(board.era, "auto");
  assertEquals(board.waivers, []);
  assertEquals(board.capabilities, undefined);
  assertEquals(board.serial, {
    path: "/dev/ttyUSB0",
    baud: 115200,
    rtscts: false,
    login: { user: "root", passwordCommand: ["pass", "b"] },
  });
});

Deno.test("paths: relative to the file, ~/ is home, nothing else is expanded", () => {
  const ssh = (path: string) =>
    parseBoard(`${REMOTE}[ssh]\nhost = "h"\nidentity_file = "${path}"\n`, "/lab/b.toml").ssh;
  assertEquals(ssh("keys/id")?.identityFile, "/lab/keys/id");
  assertEquals(ssh("/etc/id")?.identityFile, "/etc/id");
  assertEquals(ssh("~/id")?.identityFile, `${Deno.env.get("HOME")}/id`);
  assertEquals(ssh("$HOME/id")?.identityFile, "/lab/$HOME/id");
});

Deno.test("an unknown name is reported with the nearest known name", async () => {
  const near = await assertRejects(() => loadBoard("qemu6.12"), BoardError);
  assertEquals(near.message, 'Cannot find board "qemu6.12": no board of this name ships; did you mean "qemu-6.12"?');
  const far = await assertRejects(() => loadBoard("flux-capacitor"), BoardError);
  assertStringIncludes(far.message, "there are model, qemu-5.10,");
  const file = await assertRejects(() => loadBoard("./nosuch.toml"), BoardError);
  assertEquals(file.message, 'Cannot open board "./nosuch.toml": there is no such file');
  const folder = await assertRejects(() => loadBoard("/tmp/"), BoardError);
  assertStringIncludes(folder.message, 'Cannot open board "/tmp/"');
});

Deno.test("bad input: a line for each problem, with file, line, key, the found value and the expected one", () => {
  assertEquals(
    problems(`name = "bad name"
description = "d"
runner = "remot"
era = "6.11"
handle = "nohandle"
driver = "mlx5_core"
capabilities = ["trap"]
color = "red"

[ssh]
hots = "dut"
port = 70000
options = ["ProxyCommand"]
`),
    [
      'b.toml:1: name is "bad name", but must be letters, digits and . _ -',
      'b.toml:3: runner is "remot", but must be one of model, recording, qemu, remote, local; did you mean "remote"?',
      `b.toml:4: era is "6.11", but must be one of ${BOARD_ERAS.join(", ")}; did you mean "6.1"?`,
      'b.toml:5: handle is "nohandle", but must be bus/device',
      'b.toml:7: capabilities[0] is "trap", but must be one of netdevsim, reload, fw_activate, netns, traps, policers, ' +
      'params, resources, regions, health, flash, eswitch, rates, sb, dpipe, linecards, selftests, debugfs, listener, pcs, pcs_board, emulated, rzn1_miic, serdes_phy, mlx5, mlx5_no_rdma, mlx5_subfunction, mlx5_slave, mlxsw, stmmac_sgmii, stmmac_rgmii; did you mean "traps"?',
      "b.toml:8: color is no key of a board",
      "b.toml:10: ssh.host is missing",
      'b.toml:11: ssh.hots is no key of a board; did you mean "host"?',
      "b.toml:12: ssh.port is 70000, but must be at most 65535",
      'b.toml:13: ssh.options[0] is "ProxyCommand", but must be Name=value',
    ],
  );
});

Deno.test("bad input: one problem at a time", () => {
  const ssh = '[ssh]\nhost = "h"\n';
  const cases: [string, string][] = [
    [`name = "b`, "b.toml:1: is not TOML: "],
    [REMOTE, 'b.toml: ssh is missing: runner = "remote" needs the table [ssh] or [serial]'],
    [REMOTE.replace(/handle.*\n/, "") + ssh, 'b.toml: handle is missing: runner = "remote" needs the handle'],
    [REMOTE + ssh + '[serial]\npath = "/dev/ttyS0"', "b.toml: transport is missing: with both [ssh] and [serial]"],
    [`${REMOTE}transport = "serial"\n${ssh}`, 'b.toml:6: transport is "serial", but the table [serial] is missing'],
    [
      `${REMOTE}${ssh}options = ["ProxyCommand=sh", "Compression=yes"]`,
      'b.toml:8: ssh.options[0] is "ProxyCommand=sh", which is not allowed: set it in ~/.ssh/config for this host',
    ],
    [
      `${REMOTE}${ssh}options = ["StrictHostKeyChecking=no"]`,
      'b.toml:8: ssh.options[0] is "StrictHostKeyChecking=no", which is not allowed: host keys are always checked',
    ],
    [`${REMOTE}[ssh]\nhost = "a;b"`, 'b.toml:7: ssh.host is "a;b", but has a character that is not allowed'],
    [REMOTE.replace("remote", "local") + ssh, 'b.toml:6: ssh is of no use with runner = "local"'],
    [REMOTE.replace("remote", "qemu"), 'b.toml: qemu is missing: runner = "qemu" needs the table [qemu]'],
    [REMOTE.replace("remote", "model"), 'b.toml: era is missing: runner = "model" has no kernel'],
    [
      REMOTE.replace("remote", "qemu") + '[qemu]\nkernel = "6.11"',
      'b.toml:7: qemu.kernel is "6.11", but must be one of',
    ],
    [`${REMOTE}[ssh]\nhost = "-oProxyCommand=x"`, 'b.toml:7: ssh.host is "-oProxyCommand=x", but must be a host name'],
    [`${REMOTE}[ssh]\nhost = 7`, "b.toml:7: ssh.host is 7, but must be a text in quotes"],
    [`${REMOTE}[serial]\npath = "ttyS0"`, 'b.toml:7: serial.path is "ttyS0", but must be an absolute path'],
    [
      `${REMOTE}[serial]\npath = "/dev/ttyS0"\n[serial.login]\npassword = "x"`,
      "b.toml:9: serial.login.password is no key",
    ],
    [
      `${REMOTE}[serial]\npath = "/dev/t"\n[serial.login]\npassword_env = "X"\npassword_command = ["x"]`,
      "b.toml:8: serial.login password_env and password_command exclude each other",
    ],
    ...[
      ['modules = ["a b"]', '9: ready.modules[0] is "a b", but must be the name of a module'],
      ['modules = ["-r"]', '9: ready.modules[0] is "-r", but must be the name of a module'],
      ["modules = []", "9: ready.modules is empty"],
      ['commands = "x"', '9: ready.commands is "x", but must be a list'],
      ['commands = ["a\\nb"]', '9: ready.commands[0] is "a\\nb", but must be one line, without control characters'],
      ['commands = [""]', "9: ready.commands[0] is empty"],
      ['module = ["a"]', '9: ready.module is no key of a board; did you mean "modules"?'],
    ].map(([keys, problem]): [string, string] => [`${REMOTE}${ssh}[ready]\n${keys}`, `b.toml:${problem}`]),
    [
      REMOTE.replace("remote", "local") + '[ready]\ncommands = ["x"]',
      'b.toml:6: ready is of no use with runner = "local"; it belongs to runner = "remote"',
    ],
    [`${REMOTE}${ssh}[power]\ncycle = "reboot"`, 'b.toml:9: power.cycle is "reboot", but must be a list'],
    [`${REMOTE}${ssh}[power]\ncycle = []`, "b.toml:9: power.cycle is empty"],
    [`${REMOTE}${ssh}[powr]\ncycle = ["x"]`, 'b.toml:8: powr is no key of a board; did you mean "power"?'],
    [
      `${REMOTE}${ssh}[[waivers]]\nsuite = "a"\nsequence = "b"\nchannel = "notify"\nreason = "r"\nexpires = "soon"`,
      'b.toml:13: waivers[0].expires is "soon", but must be a date, for example 2027-03-31',
    ],
    [
      `${REMOTE}${ssh}[[waivers]]\nsuite = "a"\nsequence = "b"\nchannel = "notfy"\nexpires = 2027-01-01`,
      'b.toml:11: waivers[0].channel is "notfy", but must be one of',
    ],
    ...[
      ['channel = "kmsg"', "b.toml:8: waivers[0].suite is missing"],
      ['suite = "a"\nchannel = "kmsg"', "b.toml:8: waivers[0].sequence is missing"],
      ['channel = "notify"\nline = "x"', 'b.toml:10: waivers[0].line is "x", but only channel = "kmsg" has lines'],
      ['channel = "kmsg"\nline = "("', 'b.toml:10: waivers[0].line is "(", but must be a regular expression: '],
      ['channel = "kmsg"\nline = "a)|(b"', 'b.toml:10: waivers[0].line is "a)|(b", but must be a regular expression: '],
      ['channel = "kmsg"\nline = ".*"', 'b.toml:10: waivers[0].line is ".*", but must not match any line'],
      ['channel = "kmsg"\nline = ""', "b.toml:10: waivers[0].line is empty"],
      ['step = 1\nchannel = "kmsg"\nline = "x"', "b.toml:8: waivers[0].sequence is missing: step is given"],
    ].map(([keys, problem]): [string, string] => [
      `${REMOTE}${ssh}[[waivers]]\n${keys}\nreason = "r"\nexpires = 2027-01-01`,
      problem!,
    ]),
  ];
  for (const [text, expected] of cases) {
    const lines = problems(text);
    assert(lines.some((line) => line.startsWith(expected)), `${expected}\nnot in\n${lines.join("\n")}`);
    assert(lines.every((line) => !line.includes("\n")));
  }
});

const NIC = `name = "b"
description = "d"
runner = "qemu"
handle = "pci/0000:01:00.0"
driver = "mlx5_core"
[qemu]
kernel = "6.12"
device = "connectx"
`;

Deno.test("an emulated device: its options, its place and its driver", () => {
  const options = '[qemu.connectx]\nfirmware = "16.35.2000"\neswitch_manager = true\n';
  assertEquals(deviceOf(parseBoard(NIC, "b.toml")), { kind: "connectx", options: {} });
  assertEquals(deviceOf(parseBoard(NIC + options, "b.toml")), {
    kind: "connectx",
    options: { firmware: "16.35.2000", eswitch_manager: true },
  });
  assertEquals(deviceOf(parseBoard(NIC.replace(/device =.*\n/, ""), "b.toml")), undefined);
  const cases: [string, string][] = [
    [
      NIC.replace("connectx", "conectx"),
      'b.toml:8: qemu.device is "conectx", but must be one of connectx, spectrum, mgbe; did you mean',
    ],
    [NIC.replace(/handle.*\n/, ""), 'b.toml: handle is missing: device = "connectx" is at pci/0000:01:00.0'],
    [
      NIC.replace("01:00.0", "08:00.0"),
      'b.toml:4: handle is "pci/0000:08:00.0", but device = "connectx" is at pci/0000:01:00.0',
    ],
    [NIC.replace("mlx5_core", "mlx4"), 'b.toml:5: driver is "mlx4", but device = "connectx" is for mlx5_core'],
    [
      NIC.replace("6.12", "6.12-debug"),
      'b.toml:8: qemu.device is "connectx", but kernel 6.12-debug is built without drivers for PCI devices',
    ],
    [`${NIC}modules = ["a b"]`, 'b.toml:9: qemu.modules[0] is "a b", but must be the name of a module'],
    [
      NIC.replace(/device =.*\n/, options),
      'b.toml:8: qemu.connectx has no effect without device = "connectx"',
    ],
    [
      `${NIC}${options.replace("true", '"yes"')}`,
      'b.toml:11: qemu.connectx.eswitch_manager is "yes", but must be true or false',
    ],
    [
      `${NIC}${options.replace("2000", "x")}`,
      'b.toml:10: qemu.connectx.firmware is "16.35.x", but must be a version such as "16.35.2024": numbers up to 255',
    ],
    [
      `${NIC}${options.replace("firmware", "firmwar")}`,
      'b.toml:10: qemu.connectx.firmwar is no key of a board; did you mean "firmware"?',
    ],
  ];
  for (const [text, expected] of cases) assertStringIncludes(problems(text).join("\n"), expected);
});

Deno.test("an emulated device: its driver may depend on its options", () => {
  const board = NIC.replace("connectx", "spectrum").replace("mlx5_core", "mlxsw_spectrum");
  assertEquals(deviceOf(parseBoard(board, "b.toml")), { kind: "spectrum", options: {} });
  const second = `${board}[qemu.spectrum]\nmodel = "spectrum2"\n`;
  assertStringIncludes(problems(second).join("\n"), 'device = "spectrum" is for mlxsw_spectrum2');
  const fitting = parseBoard(second.replace("mlxsw_spectrum", "mlxsw_spectrum2"), "b.toml");
  assertEquals(deviceOf(fitting), { kind: "spectrum", options: { model: "spectrum2" } });
});

Deno.test("the second of two waivers is named by its own line", () => {
  const waiver = `[[waivers]]\nsuite = "a"\nsequence = "b"\nchannel = "notify"\nreason = "r"\nexpires = 2027-01-01\n`;
  assertEquals(
    problems(`${REMOTE}[ssh]\nhost = "h"\n${waiver}${waiver.replace("notify", "x")}`).map((l) => l.slice(0, 31)),
    [
      "b.toml:17: waivers[1].channel i",
    ],
  );
});

Deno.test("control characters of a board file reach no terminal", () => {
  const [line] = problems(`${REMOTE.replace('"b"', '"\\u001b[2J\\u009b\\u202e"')}[ssh]\nhost = "h"\n`);
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x1f\x7f-\x9f\u202e]/.test(line!), line);
  const [key] = problems(`${REMOTE}"\\u001b]0;x\\u0007" = 1\n[ssh]\nhost = "h"\n`);
  assertEquals(key, "b.toml: \\e]0;x\\u0007 is no key of a board");
  assertEquals(visible("a\tb\u0085\u2028\u007f"), "a\\tb\\u0085\\u2028\\u007f");
});

Deno.test("names of a prototype are no keys", () => {
  assertEquals(problems(`${REMOTE}constructor = 1\n[ssh]\nhost = "h"\n`), [
    "b.toml:6: constructor is no key of a board",
  ]);
});

Deno.test("a serial line is a device or a port of a console server, and nothing else", () => {
  const of = (path: string) => `${REMOTE}[serial]\npath = ${JSON.stringify(path)}\n`;
  for (const path of ["/dev/ttyUSB0", "tcp://lab-1:40001", "rfc2217://10.0.0.7:1", "rfc2217://[fe80::1]:65535"]) {
    assertEquals(parseBoard(of(path), "b.toml").serial?.path, path);
  }
  const wrong = [
    "ttyUSB0",
    "tcp://lab",
    "tcp://:1",
    "tcp://lab:0",
    "tcp://lab:65536",
    "telnet://lab:23",
    "tcp://a b:1",
  ];
  for (const path of [...wrong, "tcp://user@lab:1", "rfc2217://lab:1/x", "/dev/tty\nUSB0"]) {
    const [problem, ...more] = problems(of(path));
    assertEquals(more, []);
    assertStringIncludes(problem!, "but must be an absolute path, tcp://HOST:PORT or rfc2217://HOST:PORT");
  }
  assertEquals(problems(of("tcp://lab:1") + "rtscts = true\n"), [
    "b.toml:8: serial.rtscts is of no use with tcp://: the server sets the line; rfc2217:// sets it from here",
  ]);
});

Deno.test("a driver's name is the name in sysfs: with blanks, and with ! for a slash", () => {
  const board = (driver: string, pcs = "fakepcs") =>
    `name = "b"\ndescription = "d"\nrunner = "remote"\nhandle = "mdio_bus/fixed-0:1f"\ndriver = ${
      JSON.stringify(driver)
    }\n` +
    `[ssh]\nhost = "dut"\n[pcs]\ndesign = "none"\nnetdev = "eth1"\nmac = { driver = "m", device = "m.0" }\n` +
    `pcs = { bus = "mdio_bus", driver = ${JSON.stringify(pcs)}, device = "stmmac-1:01" }\n`;
  const names = [
    "dsa-loop",
    "mlx5_core.eth",
    "intel-eth-pci",
    "Marvell 88E1510",
    "Generic PHY",
    "Marvell 88E308X!88E609X Family",
    "RTL8226B_RTL8221B 2.5Gbps PHY",
    "Intel XWAY PHY11G (PEF 7071!PEF 7072) v1.3",
  ];
  for (const name of names) {
    assertEquals([parseBoard(board(name), "b.toml").driver, parseBoard(board("m", name), "b.toml").pcs?.pcs.driver], [
      name,
      name,
    ]);
  }
  const meant = "but must be a driver of /sys/bus/BUS/drivers, with ! for a slash in its name";
  const bad = [
    "a/b",
    "..",
    ".",
    "a b ",
    " a",
    "a  b",
    "a\nb",
    "a;b",
    "$(reboot)",
    "a`b`",
    "it's",
    'a"b',
    "a\\b",
    "a\u001b[2Jb",
    "a*",
  ];
  for (const name of bad) {
    for (const [key, text] of [["5: driver", board(name)], ["12: pcs.pcs.driver", board("m", name)]] as const) {
      const lines = problems(text);
      assertEquals(lines.length, 1, lines.join("\n"));
      assert(lines[0]!.startsWith(`b.toml:${key} is `) && lines[0]!.endsWith(meant), lines[0]);
      assert(["\n", "\u001b"].every((control) => !lines[0]!.includes(control)));
    }
  }
});
