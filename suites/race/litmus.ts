/** Litmus tests: races pairs of operations on a board; the model must allow each outcome. `deno task litmus` runs many rounds. */

import { netdevsim } from "../../fixtures/netdevsim.ts";
import { litmusRaces, raceSuite } from "./race_suite.ts";
import { suite } from "../../sdk/suite.ts";

export default suite("litmus", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  for (const { name, body, ...options } of raceSuite("litmus", litmusRaces()).sequences) sequence(name, options, body);
});
