/** The fixture of mlxsw's sequences: the board's own switch, its resources and its ports. */

import type { InventoryInstance, InventoryPort, InventoryResource } from "../../model/mod.ts";
import type { Dut } from "../../sdk/dut.ts";
import type { BoardState, Fixture } from "../../sdk/fixture.ts";
import { LacksError } from "../../sdk/roles.ts";
import { theBoard } from "../../sdk/the_board.ts";

const isOfMlxsw = (driver: string) => /^mlxsw_spectrum\d?$/.test(driver);

/** Returns the board's own switch, if its driver is mlxsw; `netns` are made before a sequence. */
export function theSwitch(netns: readonly string[] = []): Fixture {
  const fixture = theBoard({ netns });
  return {
    ...fixture,
    on(board): BoardState {
      const state = fixture.on!(board);
      if (state.reason !== undefined || (board.facts && isOfMlxsw(board.facts.driver))) return state;
      return { ...state, reason: "a switch of mlxsw" };
    },
  };
}

/**
 * Returns a resource by its path.
 *
 * @throws {LacksError} If the switch has none: the parts of the KVD are of the first Spectrum
 */
export function resourceAt({ resources }: InventoryInstance, path: string): InventoryResource {
  const found = resources.find((resource) => resource.path === path);
  if (!found) throw new LacksError(`resource ${path}`);
  return found;
}

/**
 * Returns a port of the front panel that can be split.
 *
 * @throws {LacksError} If the switch has none
 */
export function panelPort({ ports }: InventoryInstance, nth = 0): InventoryPort {
  const found = ports.filter(({ flavour, netdev }) => flavour === "physical" && netdev)[nth];
  if (!found) throw new LacksError("a port of the front panel");
  return found;
}

/** Unbinds the switch from its driver, and binds it again. */
export async function rebind(dut: Dut, driver: string): Promise<void> {
  const device = dut.handle.slice(dut.handle.indexOf("/") + 1);
  await dut.driver("pci", driver).unbind(device);
  await dut.dev.list();
  await dut.driver("pci", driver).bind(device);
}
