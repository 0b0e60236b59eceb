/** Suites under `deno test`: a sequence that is not judged is not a pass there either. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";

const folder = await Deno.makeTempDir({ prefix: "twinlink-deno-tests-" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));
const config = fileURLToPath(new URL("../deno.json", import.meta.url));

/** Runs a suite of such sequences by `deno test`, on a board. */
async function tested(name: string, sequences: readonly string[], board: string) {
  const path = `${folder}/${name}_test.ts`;
  await Deno.writeTextFile(
    path,
    `import { netdevsim, suite, testSuite } from "@twinlink/twinlink";
export default testSuite(suite("mine", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
${
      sequences.map((options, i) =>
        `sequence("s${i}", { source: "x", ${options} }, async (dut) => void await dut.reload());`
      ).join("\n")
    }
}));\n`,
  );
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", "--config", config, "-A", path],
    env: { TWINLINK_BOARD: board, NO_COLOR: "1" },
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

const TOMORROW = `holds: { in: () => false, because: "it is of tomorrow" }`;

Deno.test("deno test: a sequence without a meaning on the kernel is ignored, and a file with only such sequences fails", async () => {
  const some = await tested("some", ["", TOMORROW], "model");
  assertEquals(some.code, 0, some.text);
  assertStringIncludes(some.text, "no meaning on kernels of 6.12: it is of tomorrow ... ignored");
  const none = await tested("none", [TOMORROW, TOMORROW], "model");
  assertEquals(none.code, 1, none.text);
  assertStringIncludes(none.text, `Nothing was tested on board "model": no sequence has a meaning on its kernel`);
});

Deno.test("deno test: a sequence fails if the board lacks something for it, or if the recording does not have it", async () => {
  for (
    const [name, options, board] of [["lacks", "", "recording-6.12"], ["needs", `requires: ["pcs_board"]`, "bare"]]
  ) {
    const bare = `${folder}/bare.toml`;
    await Deno.writeTextFile(
      bare,
      `name = "bare"\ndescription = "x"\nrunner = "model"\nera = "6.12"\ndriver = "netdevsim"\ncapabilities = ["netdevsim", "reload"]\n`,
    );
    const { code, text } = await tested(name!, [options!], board === "bare" ? bare : board!);
    assertEquals(code, 1, text);
  }
});
