import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";

Deno.test("testSuite() makes a test of each sequence, on the board of TWINLINK_BOARD", async () => {
  const dir = await Deno.makeTempDir();
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  await Deno.writeTextFile(
    `${dir}/netns_test.ts`,
    `import netns from ${url("../suites/netdevsim/netns.ts")};\nimport { testSuite } from ${
      url("./deno_tests.ts")
    };\ntestSuite(netns);\n`,
  );
  const test = async (board: string) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--config", "deno.json", `${dir}/netns_test.ts`],
      cwd: fileURLToPath(new URL("../", import.meta.url)),
      env: { NO_COLOR: "1", TWINLINK_BOARD: board },
    }).output();
    return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  };
  try {
    for (const board of ["model", "recording-6.1", "recording-6.12"]) {
      const { code, output } = await test(board);
      assertEquals(code, 0, output);
      assertMatch(output, /ok \| 4 passed/);
    }
    // With another kernel's recording as the board, sequences differ, and each of them is a failed test.
    const file = `${dir}/wrong.toml`;
    const trace = fileURLToPath(new URL("../boards/recordings/6.1.jsonl.gz", import.meta.url));
    await Deno.writeTextFile(
      file,
      `name = "wrong"\ndescription = "6.1 taken for 6.12"\nrunner = "recording"\nera = "6.12"\ndriver = "netdevsim"\n[recording]\ntrace = "${trace}"\n`,
    );
    const { code, output } = await test(file);
    assert(code !== 0, output);
    assertMatch(output, /FAILED \| \d+ passed .*\| [1-9]\d* failed/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
