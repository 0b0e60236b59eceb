import { assertEquals } from "@std/assert";
import { loadFacts } from "../boards/mod.ts";
import { headerNotes, withEra } from "./header.ts";

const facts = {
  ...await loadFacts(new URL("../boards/examples/connectx-7-ssh.facts.json", import.meta.url).pathname),
  regions: [{ name: "own", size: 1 }],
};
const header = { board: "nic", transport: "ssh", kernel: "6.12.0", iproute2: "" };
const region = ({ contradictions = [] }: { contradictions?: readonly string[] }) =>
  contradictions.filter((line) => line.startsWith("region"));

Deno.test("withEra() notes where the facts contradict the model of the driver that the board's file names", () => {
  assertEquals(withEra({ ...header, facts: { ...facts, driver: "no_model" } }, "6.12").contradictions, undefined);
  const lines = [
    'region "dummy": the model of netdevsim has it, the board lacks it',
    'region "own": the board has it, the model of netdevsim lacks it',
  ];
  assertEquals(region(withEra({ ...header, facts }, "6.12", "netdevsim")), lines);
  assertEquals(region(withEra({ ...header, facts: { ...facts, driver: "netdevsim" } }, "6.12")), lines);
  assertEquals(withEra(header, "6.12", "netdevsim").contradictions, undefined);
});

Deno.test("withEra() drops contradictions that were noted earlier, if the facts now fit the model", () => {
  const noted = { ...header, facts: { ...facts, driver: "no_model" }, contradictions: ["old"] };
  assertEquals("contradictions" in withEra(noted, "6.12"), false);
});

Deno.test("headerNotes() counts contradictions, after how the era fits", () => {
  assertEquals(headerNotes({}), []);
  assertEquals(headerNotes({ eraNote: "nearest", contradictions: ["a", "b"] }), [
    "nearest",
    "2 facts of the board contradict the model of its driver",
  ]);
  assertEquals(headerNotes({ contradictions: ["a"] }), ["1 fact of the board contradicts the model of its driver"]);
});
