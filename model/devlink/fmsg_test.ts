import { assertEquals } from "@std/assert";
import { Fmsg } from "./fmsg.ts";

Deno.test("nests, arrays and bytes are shown as devlink(8) prints them", () => {
  const fmsg = new Fmsg().object((fmsg) => {
    fmsg.pair("flag", true).pair("text", "a").binary("bytes", 3, () => new Uint8Array([1, 2, 255]));
    fmsg.begin("pair").name("nest").object(() => fmsg.pair("inner", 7)).end();
    fmsg.array("list", () => fmsg.value(1).value(2));
    fmsg.array("objects", () => fmsg.object(() => fmsg.pair("i", 0)).object(() => fmsg.pair("i", 1)));
  });
  assertEquals(fmsg.toJson(), {
    flag: true,
    text: "a",
    bytes: [1, 2, 255],
    nest: { inner: 7 },
    list: [1, 2],
    objects: [{ i: 0 }, { i: 1 }],
  });
  assertEquals([fmsg.error, fmsg.sent], ["ok", "ok"]);
});

Deno.test("after an end without a begin nothing is shown, and there is no error", () => {
  const fmsg = new Fmsg().object((fmsg) => {
    fmsg.pair("before", 1).end().end();
    fmsg.array("behind", () => fmsg.value(1));
  });
  assertEquals([fmsg.toJson(), fmsg.error], [{ before: 1 }, "ok"]);
});

Deno.test("an item has 3748 bytes at most, and an item that is sent has 3740", () => {
  const text = (length: number) => new Fmsg().object((fmsg) => fmsg.pair("text", "x".repeat(length)));
  assertEquals([text(3739).error, text(3739).sent], ["ok", "ok"]);
  assertEquals([text(3740).error, text(3740).sent], ["ok", "EMSGSIZE"]);
  assertEquals([text(3747).error, text(3748).error], ["ok", "EMSGSIZE"]);
  const bytes = (length: number) =>
    new Fmsg().object((fmsg) => fmsg.binary("bytes", length, (count) => new Uint8Array(count)));
  assertEquals([bytes(3740).sent, bytes(3741).sent, bytes(10_000).error], ["ok", "EMSGSIZE", "ok"]);
  assertEquals((bytes(10_000).toJson() as { bytes: number[] }).bytes.length, 10_000);
  assertEquals(bytes(0xffff_ffff).error, "ENOMEM");
});
