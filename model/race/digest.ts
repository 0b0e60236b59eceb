/**
 * The state of a kernel as a short text, to tell whether two schedules came to the same.
 *
 * @module
 */

import type { Devlink } from "../devlink/devlink.ts";
import type { Kernel } from "../kernel.ts";

/** What is there, and in which state, without what depends on nothing but the order of names and numbers. */
export function digest(kernel: Kernel): string {
  const instances = kernel.instances.map(instance).sort();
  const netns = [...kernel.netns.values()].map(({ name, netdevs }) => `${name}:${netdevs.size}`).sort();
  return `${instances.join(" ")} netns ${netns.join(" ")}`;
}

function instance(dl: Devlink): string {
  const ports = dl.ports.map(({ index, type, netdev }) => `${index}${type === "eth" ? "e" : "-"}${up(netdev)}`);
  const traps = dl.traps.map(({ action }) => action[0]).join("");
  const groups = dl.groups.map(({ policer }) => policer?.spec.id ?? "-").join("");
  const policers = dl.policers.map(({ rate, burst }) => `${rate}/${burst}`);
  const params = dl.params.map(({ value, pending }) => `${value}${pending === undefined ? "" : `>${pending}`}`);
  const regions = dl.regions.map(({ name, snapshots }) => `${name}:${snapshots.length}`);
  const reporters = dl.reporters.map(({ healthy, errors, recoveries, autoRecover }) =>
    `${healthy ? "h" : "e"}${errors}/${recoveries}${autoRecover ? "a" : ""}`
  );
  const reloads = `${dl.reloads.driver_reinit}/${dl.reloads.fw_activate}${dl.reloadFailed ? "!" : ""}`;
  const mode = dl.driver.eswitch?.mode[0] ?? "";
  const rates = dl.rates.length;
  return [
    `${dl.handle}@${dl.netns.name}${dl.registered ? "" : "(gone)"}`,
    `reloads ${reloads} ports ${ports} traps ${traps} ${groups} ${policers} params ${params}`,
    `regions ${regions} health ${reporters} eswitch ${mode} rates ${rates}`,
  ].join(" ");
}

function up(netdev: { up: boolean } | null): string {
  return netdev === null ? "" : netdev.up ? "^" : "v";
}
