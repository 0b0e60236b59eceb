/**
 * `ip nexthop`, of objects that discard (IPv4), which are those that the model has.
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import { netdevsimEra } from "../../model/drivers/netdevsim/era.ts";
import { incomplete, type IpOptions, refused, starts } from "./ip_words.ts";
import { refuseWord } from "./ip_gaps.ts";
import { writeJson } from "./json_writer.ts";
import type { Call } from "../program.ts";
import type { Run } from "../run.ts";

const USAGE = `Usage: ip nexthop { list | flush } [ protocol ID ] SELECTOR
       ip nexthop { add | replace } id ID NH [ protocol ID ]
       ip nexthop { get | del } id ID
       ip nexthop bucket list BUCKET_SELECTOR
       ip nexthop bucket get id ID index INDEX
SELECTOR := [ id ID ] [ dev DEV ] [ vrf NAME ] [ master DEV ]
            [ groups ] [ fdb ]
BUCKET_SELECTOR := SELECTOR | [ nhid ID ]
NH := { blackhole | [ via ADDRESS ] [ dev DEV ] [ onlink ] [ dst_port PORT ]
        [ encap ENCAPTYPE ENCAPHDR ] |
        group GROUP [ fdb ] [ type TYPE [ TYPE_ARGS ] ] }
GROUP := [ <id[,weight]>/<id[,weight]>/... ]
         [ hw_stats {off|on} ]
TYPE := { mpath | resilient }
TYPE_ARGS := [ RESILIENT_ARGS ]
RESILIENT_ARGS := [ buckets BUCKETS ] [ idle_timer IDLE ]
                  [ unbalanced_timer UNBALANCED ]
ENCAPTYPE := [ mpls ]
ENCAPHDR := [ MPLSLABEL ]
`;

/** `ip nexthop` */
export function* nexthop(call: Call, options: IpOptions, args: string[]): Run {
  const [word = "show", ...rest] = args;
  if (starts(word, "add")) return yield* add(call, rest, false);
  if (starts(word, "replace")) return yield* add(call, rest, true);
  if (starts(word, "delete")) return yield* remove(call, rest);
  if (["list", "show", "lst"].some((verb) => starts(word, verb))) return yield* show(call, options, rest);
  if (starts(word, "get")) return yield* get(call, options, rest);
  if (starts(word, "flush")) return yield* flush(call, rest);
  if (starts(word, "help")) return yield* usage(call);
  refuseWord("nexthop", word);
  yield* call.err(`Command "${word}" is unknown, try "ip nexthop help".\n`);
  return 255;
}

/** The words for one object: its id (0: the kernel chooses), and whether it discards packets. */
interface Said {
  id: number | undefined;
  dev: string | undefined;
  blackhole: boolean;
}

/** Reads the words of a command; the exit status where they cannot be read. */
function* words(call: Call, args: readonly string[]): Run<Said | number> {
  const said: Said = { id: undefined, dev: undefined, blackhole: false };
  const left = [...args];
  while (left.length > 0) {
    const word = left.shift()!;
    if (word === "id" || word === "dev") {
      const value = left.shift();
      if (value === undefined) return yield* incomplete(call);
      if (word === "dev") {
        said.dev = value;
        if (!call.system.machine.netdevs(call.process.netns).some(({ name }) => name === value)) {
          return yield* wrong(call, value, "Device does not exist\n");
        }
      } else {
        said.id = idOf(value);
        if (said.id === undefined) return yield* wrong(call, value, "invalid id value");
      }
    } else if (word === "blackhole") said.blackhole = true;
    else if (word === "help") return yield* usage(call);
    else {
      refuseWord("nexthop", word);
      return yield* wrong(call, word, "");
    }
  }
  return said;
}

/** Returns a number of 32 bits as strtoul(3) reads it: decimal, or with `0x` or `0` in front. */
function idOf(text: string): number | undefined {
  const id = /^0[xX][\da-fA-F]+$|^[1-9]\d*$|^0$/.test(text)
    ? Number(text)
    : /^0[0-7]+$/.test(text)
    ? parseInt(text, 8)
    : undefined;
  return id !== undefined && id < 2 ** 32 ? id : undefined;
}

function* add(call: Call, args: readonly string[], replace: boolean): Run {
  const said = yield* words(call, args);
  if (typeof said === "number") return said;
  if (said.dev !== undefined) throw new ModelGap(`ip nexthop add dev ${said.dev}`, "objects that are no `blackhole`");
  if (!said.blackhole) return yield* refused(call, "EINVAL", { text: "Invalid address family" });
  if (replace && !said.id) return yield* refused(call, "EINVAL", { text: "Replace requires nexthop id" });
  const { system, process } = call;
  const { result, extack } = system.perform({ kind: "nexthop.add", id: said.id ?? 0, netns: process.netns });
  if (result === "ok" || (replace && result === "EEXIST")) return 0;
  return yield* refused(call, result, extack);
}

function* remove(call: Call, args: readonly string[]): Run {
  const said = yield* words(call, args);
  if (typeof said === "number") return said;
  if (said.blackhole || said.dev !== undefined) {
    return yield* refused(call, "EINVAL", { text: "Unknown attribute type" });
  }
  if (said.id === undefined) return yield* refused(call, "EINVAL", { text: "Nexthop id is missing" });
  const { system, process } = call;
  const { result, extack } = system.perform({ kind: "nexthop.del", id: said.id, netns: process.netns });
  return result === "ok" ? 0 : yield* refused(call, result, extack);
}

function* show(call: Call, options: IpOptions, args: readonly string[]): Run {
  const said = yield* words(call, args);
  if (typeof said === "number") return said;
  if (said.blackhole) return yield* wrong(call, "blackhole", "");
  if (said.id !== undefined) return yield* one(call, options, said.id);
  const wanted = options.family !== "6" && (said.dev ?? "lo") === "lo";
  return yield* print(call, options, wanted ? all(call) : []);
}

function* get(call: Call, options: IpOptions, args: readonly string[]): Run {
  const [word, value] = args;
  const id = word === "id" ? idOf(value ?? "") : undefined;
  if (word === "id" && value !== undefined && id === undefined) return yield* wrong(call, value, "invalid id value");
  return id ? yield* one(call, options, id) : yield* usage(call);
}

function* flush(call: Call, args: readonly string[]): Run {
  const said = yield* words(call, args);
  if (typeof said === "number") return said;
  const { system, process } = call;
  const del = (id: number) => system.perform({ kind: "nexthop.del", id, netns: process.netns });
  if (said.id !== undefined) {
    const { result, extack } = del(said.id);
    if (result === "ok") return 0;
    yield* refused(call, result, extack);
    return 1;
  }
  const ids = (said.dev ?? "lo") === "lo" ? all(call) : [];
  ids.forEach(del);
  yield* call.out(ids.length > 0 ? `Flushed ${ids.length} nexthops\n` : "Nothing to flush\n");
  return 0;
}

/** Returns all of the netns, in their order. */
const all = (call: Call) => [...call.system.machine.nexthops(call.process.netns)].sort((a, b) => a - b);

function* one(call: Call, options: IpOptions, id: number): Run {
  if (id === 0) return yield* refused(call, "EINVAL", { text: "Invalid nexthop id" });
  if (!all(call).includes(id)) return yield* refused(call, "ENOENT", null);
  return yield* print(call, options, [id]);
}

function* print(call: Call, { json, pretty, details }: IpOptions, ids: readonly number[]): Run {
  const { machine } = call.system;
  // A device that counts them has taken them over
  const counted = machine.offloads(call.process.netns) && !netdevsimEra(machine.era).lacks.has("nexthops");
  const flags = counted ? ["trap"] : [];
  if (json) {
    const objects = ids.map((id) => ({
      id,
      ...(details ? { scope: "global" } : {}),
      blackhole: null,
      ...(details ? { protocol: "unspec" } : {}),
      flags,
    }));
    yield* call.out(`${writeJson(objects, pretty)}\n`);
    return 0;
  }
  const rest = [details ? "scope global blackhole proto unspec" : "blackhole", ...flags];
  for (const id of ids) yield* call.out(`id ${id} ${rest.join(" ")} \n`);
  return 0;
}

function* wrong(call: Call, word: string, why: string): Run {
  yield* call.err(`Error: argument "${word}" is wrong: ${why}\n`);
  return 255;
}

function* usage(call: Call): Run {
  yield* call.err(USAGE);
  return 255;
}
