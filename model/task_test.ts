import { assertEquals, assertThrows } from "@std/assert";
import { emptyObservation } from "./observation.ts";
import { acquire, HungTask, Lock, LOCK_CLASSES, Task } from "./task.ts";

function world() {
  const order = new Uint16Array(LOCK_CLASSES.length);
  return {
    instance: new Lock("instance lock", "instance", order),
    rtnl: new Lock("rtnl_mutex", "rtnl", order),
    task: (name: string) => new Task(name, emptyObservation(), false),
  };
}

Deno.test("a task waits for a lock that another one holds", () => {
  const { instance, task } = world();
  const [a, b] = [task("a"), task("b")];
  assertEquals(acquire(a, instance).next().done, true);
  const waiting = acquire(b, instance);
  assertEquals(waiting.next(), { done: false, value: { kind: "blocked", what: "instance lock", task: "b" } });
  instance.release(a);
  assertEquals(waiting.next().done, true);
  assertEquals(instance.owner, b);
});

Deno.test("locks taken in both orders are a finding, before any task hangs", () => {
  const { instance, rtnl, task } = world();
  const [a, b] = [task("a"), task("b")];
  for (const lock of [instance, rtnl]) acquire(a, lock).next();
  for (const lock of [rtnl, instance]) lock.release(a);
  assertEquals(a.observation.kmsg, []);
  for (const lock of [rtnl, instance]) acquire(b, lock).next();
  assertEquals(b.observation.kmsg, [{
    class: "lockdep",
    text: "possible circular locking dependency: instance lock taken under rtnl_mutex",
  }]);
});

Deno.test("a task that waits for itself is a finding and never goes on", () => {
  const { instance, task } = world();
  const a = task("a");
  acquire(a, instance).next();
  assertThrows(() => acquire(a, instance).next(), HungTask);
  assertEquals(a.observation.kmsg, [{
    class: "lockdep",
    text: "possible recursive locking detected: instance lock",
  }]);
});
