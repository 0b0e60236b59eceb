import { assertEquals, assertThrows } from "@std/assert";
import { emptyObservation } from "../observation.ts";
import { Lockdep } from "./lockdep.ts";
import { acquire, Condition, HungTask, Lock, RwLock, type Steps, Task } from "./task.ts";

function world() {
  const lockdep = new Lockdep();
  return {
    instance: new Lock("instance lock", "instance", lockdep),
    rtnl: new Lock("rtnl_mutex", "rtnl", lockdep),
    pernet: new RwLock("pernet_ops_rwsem", "pernet", lockdep),
    task: (name: string) => new Task(name, emptyObservation(), false),
  };
}

Deno.test("a task waits for a lock that another one holds", () => {
  const { instance, task } = world();
  const [a, b] = [task("a"), task("b")];
  assertEquals(acquire(a, instance).next().done, true);
  const waiting = acquire(b, instance);
  assertEquals(waiting.next(), {
    done: false,
    value: { kind: "blocked", what: "instance lock", task: "b", on: instance },
  });
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

Deno.test("a task that waits for itself is a finding and never continues", () => {
  const { instance, task } = world();
  const a = task("a");
  acquire(a, instance).next();
  assertThrows(() => acquire(a, instance).next(), HungTask);
  assertEquals(a.observation.kmsg, [{
    class: "lockdep",
    text: "possible recursive locking detected: instance lock",
  }]);
});

const waits = (steps: Steps): boolean => !steps.next().done;

Deno.test("many tasks may read at once; a waiting writer holds back new readers", () => {
  const { pernet, task } = world();
  const [a, b, c, d] = [task("a"), task("b"), task("c"), task("d")];
  assertEquals(waits(pernet.acquireRead(a)), false);
  assertEquals(waits(pernet.acquireRead(b)), false);
  const writer = pernet.acquireWrite(c);
  assertEquals(waits(writer), true);
  const reader = pernet.acquireRead(d);
  assertEquals(waits(reader), true);
  pernet.release(a);
  assertEquals([waits(reader), waits(writer)], [true, true]);
  pernet.release(b);
  assertEquals([waits(reader), waits(writer)], [true, false]);
  pernet.release(c);
  assertEquals(waits(reader), false);
});

Deno.test("a reader that wants to write waits for itself, and holds back new readers for ever", () => {
  const { pernet, task } = world();
  const [a, b] = [task("a"), task("b")];
  pernet.acquireRead(a).next();
  assertThrows(() => pernet.acquireWrite(a).next(), HungTask);
  assertEquals(waits(pernet.acquireRead(b)), true);
});

Deno.test("a wait for an event ends when the event has happened", () => {
  const { task } = world();
  let users = 1;
  const gone = new Condition("users to go", () => users === 0);
  const waiting = gone.wait(task("a"));
  assertEquals(waits(waiting), true);
  users--;
  assertEquals(waits(waiting), false);
});
