/**
 * The attributes of a netdev that ip(8) shows and the model lacks: MAC address, MTU, qdisc.
 *
 * @module
 */

import type { NetdevShown } from "../model/net/netns.ts";

/** The attributes of a netdev that ip(8) shows and the model lacks. */
export interface LinkState {
  mtu: number;
  address: string;
  /** True if the netdev was ever up: before that it has no qdisc */
  opened: boolean;
}

/** The states of netdevs. */
export class LinkStates {
  readonly #states = new WeakMap<NetdevShown, LinkState>();
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Returns the state of a netdev. */
  of(netdev: NetdevShown): LinkState {
    let state = this.#states.get(netdev);
    if (!state) {
      const lo = netdev.name === "lo";
      const board = netdev.downFlags.includes("MULTICAST");
      state = {
        mtu: lo ? 65536 : 1500,
        address: lo ? "00:00:00:00:00:00" : board ? "52:54:00:12:34:56" : this.#address(),
        opened: netdev.up,
      };
      this.#states.set(netdev, state);
    }
    state.opened ||= netdev.up;
    return state;
  }

  /** Returns a MAC address as `eth_hw_addr_random` draws it. */
  #address(): string {
    const bytes = Array.from({ length: 6 }, () => {
      this.#seed = (Math.imul(this.#seed, 1103515245) + 12345) >>> 0;
      return (this.#seed >>> 16) & 0xff;
    });
    bytes[0] = (bytes[0]! & 0xfc) | 2;
    return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
  }
}

/** The qdiscs that a kernel gives to netdevs that were up: to the board's own, and to the netdevs of netdevsim. */
export interface Qdiscs {
  readonly board: string;
  readonly netdevsim: string;
}

/** Returns the qdisc of a netdev. */
export function qdiscOf(netdev: NetdevShown, state: LinkState, { board, netdevsim }: Qdiscs): string {
  if (netdev.name === "lo") return state.opened ? "noqueue" : "noop";
  if (netdev.downFlags.includes("MULTICAST")) return board;
  return state.opened ? netdevsim : "noop";
}
