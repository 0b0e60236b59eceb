/** Litmus tests: the model allows each outcome of a pair of operations on a board. `deno task litmus` runs them long. */

import { netdevsim } from "../../fixtures/netdevsim.ts";
import { litmusRaces, raceSuite } from "./race_suite.ts";
import { suite } from "../../sdk/suite.ts";

export default suite("litmus", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  for (const { name, body, ...options } of raceSuite("litmus", litmusRaces()).sequences) sequence(name, options, body);
});
