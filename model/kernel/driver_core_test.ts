import { assert, assertEquals } from "@std/assert";
import { Device, type DeviceDriver, type DeviceLinkOptions, named, PROBE_DEFER } from "./device.ts";
import { BOOTED_ERAS, type EraId, ERAS } from "../era/mod.ts";
import { Kernel } from "./kernel.ts";
import { Module } from "./module.ts";
import { emptyObservation } from "../observation.ts";
import { type Steps, Task } from "./task.ts";

/** Returns a kernel with a bus, and a log of the calls of drivers. */
function world(era: EraId = "6.12") {
  const kernel = new Kernel(ERAS[era], { seed: 1, netdevs: [], listeners: false, freedMemory: "kept" });
  const task = new Task("test", emptyObservation(), false);
  const log: string[] = [];
  const run = <T>(steps: Steps<T>): T => {
    for (;;) {
      const next = steps.next();
      if (next.done) {
        kernel.runWorkers();
        return next.value;
      }
      assert(kernel.runWorkers(), `stuck on ${next.value.what}`);
    }
  };
  const module = new Module({
    name: "test",
    uses: [],
    // deno-lint-ignore require-yield
    *init() {
      return "ok";
    },
  });
  const driver = (name: string, probe: (device: Device) => string = () => "ok"): DeviceDriver => ({
    name,
    module,
    matches: named(name),
    // deno-lint-ignore require-yield
    *probe(_task, device) {
      const result = probe(device);
      log.push(`probe ${device.name} ${result}`);
      if (result !== "ok") return result;
      // deno-lint-ignore require-yield
      device.managed.push(function* () {
        log.push(`release ${device.name}`);
      });
      return result;
    },
    // deno-lint-ignore require-yield
    *remove(_task, device) {
      log.push(`remove ${device.name}`);
    },
  });
  const device = (name: string) => {
    const made = new Device(kernel, "platform", name);
    run(kernel.core.addDevice(task, made));
    return made;
  };
  const register = (one: DeviceDriver) => run(kernel.core.registerDriver(task, "platform", one));
  const file = (driver: string, name: "bind" | "unbind", device: string) =>
    run(kernel.core.resolve(`/sys/bus/platform/drivers/${driver}/${name}`)!.write!(task, device, kernel.init));
  return { kernel, core: kernel.core, log, driver, device, register, file };
}

/**
 * Returns a consumer that adds a device link to its supplier in its probe; the probe is deferred while the supplier has no driver.
 */
function linked(options: DeviceLinkOptions) {
  const all = world();
  const supplier = all.device("sup.0");
  all.register(all.driver("sup"));
  all.register(all.driver("con", (device) => {
    if (supplier.state !== "bound") return PROBE_DEFER;
    return all.core.link(device, supplier, options) ? "ok" : "EINVAL";
  }));
  const consumer = all.device("con.0");
  all.log.length = 0;
  return { ...all, supplier, consumer };
}

Deno.test("the consumer of a device link is unbound first; the link is then deleted or stays", () => {
  const gone = linked({ autoremoveConsumer: true });
  assertEquals(gone.supplier.consumers.map((link) => link.status), ["active"]);
  gone.file("sup", "unbind", "sup.0");
  assertEquals(gone.log, ["remove con.0", "release con.0", "remove sup.0", "release sup.0"]);
  assertEquals([gone.supplier.consumers, gone.consumer.suppliers], [[], []]);
  assertEquals([gone.supplier.references, gone.consumer.references], [1, 1]);
  gone.file("sup", "bind", "sup.0");
  assertEquals(gone.consumer.state, "no driver");

  const stays = linked({});
  stays.file("sup", "unbind", "sup.0");
  assertEquals(stays.supplier.consumers.map((link) => link.status), ["dormant"]);
  // The core itself defers the probe of the consumer now: it does not call the driver
  stays.log.length = 0;
  assertEquals(stays.file("con", "bind", "con.0"), "EAGAIN");
  assertEquals(stays.log, []);
  stays.file("sup", "bind", "sup.0");
  assertEquals(stays.consumer.state, "no driver");
});

Deno.test("with autoprobeConsumer, the consumer is probed again when the supplier is bound again", () => {
  const { file, consumer, supplier } = linked({ autoprobeConsumer: true });
  file("sup", "unbind", "sup.0");
  assertEquals(consumer.state, "no driver");
  file("sup", "bind", "sup.0");
  assertEquals(consumer.state, "bound");
  assertEquals(supplier.consumers.map((link) => link.status), ["active"]);
});

Deno.test("a stateless device link unbinds no consumer; a link that would close a circle is refused", () => {
  const { core, file, log, consumer, supplier } = linked({ stateless: true });
  file("sup", "unbind", "sup.0");
  assertEquals(log, ["remove sup.0", "release sup.0"]);
  assertEquals(consumer.state, "bound");
  assertEquals(core.link(supplier, consumer, {}), undefined);
  assertEquals(core.link(consumer, supplier, {}), supplier.consumers[0]);
});

Deno.test("a deferred probe is tried again when any driver is bound, even during the probe", () => {
  const { log, driver, device, register, core, kernel } = world();
  let there = false;
  device("late.0");
  device("any.0");
  register(driver("late", () => there ? "ok" : PROBE_DEFER));
  register(driver("any"));
  assertEquals(log, ["probe late.0 EPROBE_DEFER", "probe any.0 ok", "probe late.0 EPROBE_DEFER"]);
  there = true;
  device("any.1");
  assertEquals(log.slice(3), ["probe any.1 ok", "probe late.0 ok"]);

  // The probe's dependency appears during the probe: no later bind would have the probe tried again
  log.length = 0;
  there = false;
  const task = new Task("test", emptyObservation(), false);
  register(driver("slow", () => {
    if (there) return "ok";
    there = true;
    const steps = core.addDevice(task, new Device(kernel, "platform", "any.2"));
    while (!steps.next().done);
    return PROBE_DEFER;
  }));
  device("slow.0");
  assertEquals(log, ["probe any.2 ok", "probe slow.0 EPROBE_DEFER", "probe slow.0 ok"]);
});

Deno.test("unregistering a driver unbinds its devices, the last bound first; a removed device is not probed again", () => {
  const { log, driver, device, register, core, file, kernel } = world();
  const devices = ["drv.0", "drv.1", "drv.2"].map(device);
  const one = driver("drv");
  register(one);
  file("drv", "unbind", "drv.0");
  file("drv", "bind", "drv.0");
  log.length = 0;
  const task = new Task("test", emptyObservation(), false);
  for (const steps = core.unregisterDriver(task, "platform", one); !steps.next().done;);
  assertEquals(log.filter((line) => line.startsWith("remove")), ["remove drv.0", "remove drv.2", "remove drv.1"]);
  assertEquals(core.resolve("/sys/bus/platform/drivers/drv/bind"), undefined);
  register(driver("drv", () => PROBE_DEFER));
  for (const gone of devices) for (const steps = core.removeDevice(task, gone); !steps.next().done;);
  log.length = 0;
  register(driver("any"));
  device("any.0");
  kernel.runWorkers();
  assertEquals(log, ["probe any.0 ok"]);
});

Deno.test("a registered bus probes a device on request; the files of another bus are the board's", () => {
  const { core, kernel, log, driver, device, register } = world();
  const file = (name: string) => core.resolve(`/sys/bus/platform/${name}`);
  const write = (name: string, value: string) => {
    const steps = file(name)!.write!(new Task("test", emptyObservation(), false), value, kernel.init);
    for (;;) {
      const next = steps.next();
      if (next.done) return next.value;
    }
  };
  register(driver("drv"));
  assertEquals([file("drivers_probe"), file("drivers_autoprobe"), core.directory("/sys/bus/platform")], [
    undefined,
    undefined,
    false,
  ]);
  core.registerBus("platform");
  assertEquals(core.directory("/sys/bus/platform"), true);
  assertEquals(write("drivers_autoprobe", "0"), "ok");
  assertEquals(file("drivers_autoprobe")!.read!(new Task("test", emptyObservation(), false)), { text: "0" });
  const late = device("drv.0");
  register({ ...driver("other"), matches: named("drv") });
  assertEquals([log, late.state], [[], "no driver"]);
  assertEquals([write("drivers_probe", "none"), write("drivers_probe", "drv.0"), late.state], [
    "ENODEV",
    "ok",
    "bound",
  ]);
  assertEquals([write("drivers_probe", "drv.0"), log], ["ok", ["probe drv.0 ok"]]);
  core.unregisterBus("platform");
  assertEquals(core.directory("/sys/bus/platform"), false);
});

Deno.test("bind of a device that has a driver or is deferred: ENODEV up to 5.14, then the errno of the probe", () => {
  for (const [era, busy, deferred] of [["5.10", "ENODEV", "ENODEV"], ["6.12", "EBUSY", "EAGAIN"]] as const) {
    const { driver, device, register, file } = world(era);
    register(driver("drv", () => PROBE_DEFER));
    register(driver("any"));
    device("any.0");
    device("drv.0");
    assertEquals([file("any", "bind", "any.0"), file("drv", "bind", "drv.0")], [busy, deferred], era);
  }
});

/** Starts an unbind that holds the device's lock, and returns its end, and a function that starts another write. */
function whileUnbinding(era: EraId) {
  const { core, driver, device, register, kernel } = world(era);
  register({
    ...driver("drv"),
    *remove(task) {
      yield { kind: "pause", what: "the driver", task: task.name };
    },
  });
  device("drv.0");
  const write = (file: "bind" | "unbind") =>
    core.resolve(`/sys/bus/platform/drivers/drv/${file}`)!.write!(
      new Task(file, emptyObservation(), false),
      "drv.0",
      kernel.init,
    );
  const unbind = write("unbind");
  assertEquals(unbind.next().value, { kind: "pause", what: "the driver", task: "unbind" });
  return { write, end: () => assertEquals(unbind.next(), { done: true, value: "ok" }) };
}

// drivers/base/bus.c, unbind_store(), of 5.10, 6.1, 6.12, 7.2 and 7.3; 300 of 300 races of two unbinds on 6.12 ended so
Deno.test("an unbind that waits for another unbind returns ok, a later unbind ENODEV", () => {
  for (const era of BOOTED_ERAS) {
    const { write, end } = whileUnbinding(era);
    const second = write("unbind");
    assertEquals((second.next().value as { kind: string }).kind, "blocked");
    end();
    assertEquals([second.next(), write("unbind").next()].map(({ value }) => value), ["ok", "ENODEV"], era);
  }
});

// drivers/base/bus.c, bind_store(): up to 5.14 it checks `dev->driver == NULL` before it takes the lock
Deno.test("a bind during an unbind is refused on 5.10; on later kernels it waits, and binds", () => {
  for (const era of BOOTED_ERAS) {
    const { write, end } = whileUnbinding(era);
    const bind = write("bind");
    const { done = false, value } = bind.next();
    assertEquals([done, done ? value : "waits"], era === "5.10" ? [true, "ENODEV"] : [false, "waits"], era);
    end();
    if (!done) assertEquals(bind.next().value, "ok", era);
  }
});

Deno.test("the data of a driver for a device is gone once the driver is unbound", () => {
  const { driver, device, register, file } = world();
  register({
    ...driver("drv"),
    *probe(_task, device) {
      device.data = "made";
      yield* [];
      return "ok";
    },
  });
  const one = device("drv.0");
  assertEquals(one.data, "made");
  file("drv", "unbind", "drv.0");
  assertEquals(one.data, undefined);
});
