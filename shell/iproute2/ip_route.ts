/**
 * `ip route`, of IPv4.
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import { readsPrefix } from "../../model/operation_gaps.ts";
import { incomplete, type IpOptions, refused, starts } from "./ip_words.ts";
import { refuseWord } from "./ip_gaps.ts";
import { writeJson } from "./json_writer.ts";
import type { Call } from "../program.ts";
import type { Run } from "../run.ts";

interface Route {
  dst: string;
  gateway?: string;
  dev: string;
  protocol?: string;
  scope?: string;
  prefsrc?: string;
}

/** Returns the routes of the main table: the routes of the board's own interface first, as they were there before. */
function routesOf(call: Call): Route[] {
  const { system, process } = call;
  const board = system.machine.netdevs(process.netns).find(({ up, downFlags }) =>
    up && downFlags.includes("MULTICAST")
  );
  const routes: Route[] = board
    ? [
      { dst: "default", gateway: "10.0.2.2", dev: board.name },
      { dst: "10.0.2.0/24", dev: board.name, protocol: "kernel", scope: "link", prefsrc: "10.0.2.15" },
    ]
    : [];
  const number = (prefix: string) =>
    prefix.split(/[./]/).slice(0, 4).reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const added = [...system.machine.routes(process.netns)].sort(([a], [b]) => number(a) - number(b));
  for (const [prefix, dev] of added) routes.push({ dst: prefix.replace(/\/32$/, ""), dev, scope: "link" });
  return routes;
}

/** `ip route` */
export function* route(call: Call, options: IpOptions, args: string[]): Run {
  const [word = "show", ...rest] = args;
  if (["show", "list", "lst"].some((verb) => starts(word, verb))) return yield* show(call, options, rest);
  if (starts(word, "add")) return yield* change(call, "route.add", rest);
  if (starts(word, "delete")) return yield* change(call, "route.del", rest);
  if (starts(word, "flush")) return yield* flush(call, rest);
  refuseWord("route", word);
  yield* call.err(`Command "${word}" is unknown, try "ip route help".\n`);
  return 255;
}

/** The routes to show: one by its prefix, or after `root` all routes inside a prefix. */
interface Selector {
  dev?: string;
  within?: string;
  exact?: string;
}

function selector(args: readonly string[]): Selector {
  const result: Selector = {};
  const words = [...args];
  while (words.length > 0) {
    const word = words.shift()!;
    if (word === "dev") result.dev = words.shift()!;
    else if (word === "root") result.within = words.shift()!;
    else if (readsPrefix(word) === "read") result.exact = word;
    else if (word !== "to" && word !== "exact") {
      throw new ModelGap(`ip route show ${word}`, "selectors of routes other than prefix and netdev");
    }
  }
  return result;
}

/** True if a route is inside a prefix. */
function inside(route: Route, prefix: string): boolean {
  const bits = (text: string) =>
    text.split("/")[0]!.split(".").map((byte) => Number(byte).toString(2).padStart(8, "0")).join("");
  if (!/^\d/.test(route.dst)) return false;
  const length = Number(prefix.split("/")[1] ?? 32);
  const own = Number(route.dst.split("/")[1] ?? 32);
  return own >= length && bits(route.dst).slice(0, length) === bits(prefix).slice(0, length);
}

function isWanted(route: Route, { dev, within, exact }: Selector): boolean {
  if (dev !== undefined && route.dev !== dev) return false;
  if (exact !== undefined && route.dst !== exact.replace(/\/32$/, "")) return false;
  return within === undefined || inside(route, within);
}

/** True if a netdev of that name exists, or if none is asked for. */
function isThere({ system, process }: Call, dev: string | undefined): boolean {
  return dev === undefined || system.machine.netdevs(process.netns).some(({ name }) => name === dev);
}

function* notFound(call: Call, dev: string): Run {
  yield* call.err(`Cannot find device "${dev}"\n`);
  return 1;
}

function* show(call: Call, options: IpOptions, args: readonly string[]): Run {
  const wanted = selector(args);
  const { dev } = wanted;
  if (!isThere(call, dev)) return yield* notFound(call, dev!);
  const routes = routesOf(call).filter((route) => isWanted(route, wanted));
  const flags = call.system.machine.offloads(call.process.netns) ? ["rt_trap"] : [];
  if (options.json) {
    yield* call.out(`${writeJson(routes.map((route) => ({ ...route, flags })), options.pretty)}\n`);
    return 0;
  }
  for (const { dst, gateway, dev: on, protocol, scope, prefsrc } of routes) {
    const words = [dst];
    if (gateway) words.push("via", gateway);
    if (dev === undefined) words.push("dev", on);
    if (protocol) words.push("proto", protocol);
    if (scope) words.push("scope", scope);
    if (prefsrc) words.push("src", prefsrc);
    words.push(...flags);
    yield* call.out(`${words.join(" ")} \n`);
  }
  return 0;
}

function* change(call: Call, kind: "route.add" | "route.del", args: readonly string[]): Run {
  const { system, process } = call;
  const words = [...args];
  let prefix: string | undefined;
  let dev: string | undefined;
  while (words.length > 0) {
    const word = words.shift()!;
    if (word === "dev") {
      dev = words.shift();
      if (dev === undefined) return yield* incomplete(call);
    } else if (word !== "unicast" && word !== "to") {
      refuseWord("route", word, kind === "route.add" ? "route add" : "route del");
      if (prefix !== undefined) throw new ModelGap(`ip route ${args.join(" ")}`, "a second prefix");
      prefix = word;
    }
  }
  if (prefix === undefined) {
    if (kind === "route.add") throw new ModelGap("ip route add", "a route without a prefix");
    return yield* incomplete(call);
  }
  if (readsPrefix(prefix) === "other") {
    throw new ModelGap(`ip route ${prefix}`, "routes of IPv6, the default route and short forms of prefixes");
  }
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(prefix);
  if (!match || match.slice(1, 5).some((byte) => Number(byte) > 255) || Number(match[5] ?? 32) > 32) {
    yield* call.err(`Error: any valid prefix is expected rather than "${prefix}".\n`);
    return 1;
  }
  if (kind === "route.del" && dev === undefined) {
    const whole = prefix.includes("/") ? prefix : `${prefix}/32`;
    dev = system.machine.routes(process.netns).get(whole);
    if (dev === undefined) {
      if (routesOf(call).some(({ dst }) => dst === prefix)) {
        throw new ModelGap(`ip route del ${prefix}`, "the board's own routes");
      }
      return yield* refused(call, "ESRCH", null);
    }
  }
  if (dev === undefined) throw new ModelGap(`ip route add ${prefix}`, "a route without a netdev");
  if (!isThere(call, dev)) return yield* notFound(call, dev);
  const { result, extack } = system.perform({ kind, prefix, dev, netns: process.netns });
  return result === "ok" ? 0 : yield* refused(call, result, extack);
}

function* flush(call: Call, args: readonly string[]): Run {
  const wanted = selector(args);
  if (wanted.dev === undefined && wanted.within === undefined && wanted.exact === undefined) {
    yield* call.err('"ip route flush" requires arguments.\n');
    return 255;
  }
  if (!isThere(call, wanted.dev)) return yield* notFound(call, wanted.dev!);
  if (routesOf(call).some((route) => route.protocol !== undefined && isWanted(route, wanted))) {
    throw new ModelGap(`ip route flush ${args.join(" ")}`, "the board's own routes");
  }
  for (const [prefix, on] of [...call.system.machine.routes(call.process.netns)]) {
    if (!isWanted({ dst: prefix.replace(/\/32$/, ""), dev: on }, wanted)) continue;
    call.system.perform({ kind: "route.del", prefix, dev: on, netns: call.process.netns });
  }
  return 0;
}
