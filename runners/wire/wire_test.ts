import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { cksum, FrameParser } from "./wire.ts";

const utf8 = new TextEncoder();

function frame(seq: number, text: string): Uint8Array {
  const bytes = utf8.encode(text);
  return utf8.encode(`\n@tl1 ${seq} ${bytes.length} ${cksum(bytes)}\n${text}\n`);
}

function join(...parts: Uint8Array[]): Uint8Array {
  const all = parts.flatMap((part) => [...part]);
  return Uint8Array.from(all);
}

describe("the wire protocol", () => {
  it("cksum() is the checksum of POSIX cksum(1)", () => {
    assertEquals(cksum(utf8.encode("")), 4294967295);
    assertEquals(cksum(utf8.encode("123456789")), 930766865);
  });

  it("FrameParser finds records whatever the pieces they come in", () => {
    const line = join(utf8.encode("Debian GNU/Linux ttyS1\n"), frame(1, "a\n--x\nb"), frame(2, "é"));
    for (let size = 1; size < line.length; size++) {
      const parser = new FrameParser();
      const got = [];
      for (let at = 0; at < line.length; at += size) got.push(...parser.push(line.slice(at, at + size)));
      assertEquals(got.map((f) => f.kind === "record" ? new TextDecoder().decode(f.bytes) : f.kind), [
        "noise",
        "a\n--x\nb",
        "é",
      ]);
    }
  });

  it("FrameParser finds a record whole wherever kernel lines are spliced into it, in whatever pieces it comes", () => {
    const first = frame(1, 'some payload of a reply\nin [1, "two"] lines, [ ]\n');
    const kernel = utf8.encode("[   13.084645] netdevsim netdevsim10: hello\r\n[   13.084646][  T12] more\r\n");
    for (let at = 1; at < first.length; at++) {
      const line = join(first.slice(0, at), kernel, first.slice(at), frame(2, "next"), utf8.encode("\n@5 12345678\n"));
      for (const size of [1, 7, 50, line.length]) {
        const parser = new FrameParser();
        const got = [];
        for (let from = 0; from < line.length; from += size) got.push(...parser.push(line.slice(from, from + size)));
        const found = got.flatMap((f) => f.kind === "record" ? [`${f.seq} ${new TextDecoder().decode(f.bytes)}`] : []);
        assertEquals(found, ['1 some payload of a reply\nin [1, "two"] lines, [ ]\n', "2 next"], `${at} ${size}`);
        assertEquals(got.at(-1), { kind: "noise", text: "@5 12345678" });
      }
    }
  });

  it("FrameParser takes out kernel lines with the priority in front", () => {
    const first = frame(1, "some payload\nof a reply < 5\n");
    const kernel = utf8.encode("<4>[   13.084645] netdevsim netdevsim10: hello\r\n<30>[   13.084646][  T12] more\r\n");
    for (let at = 1; at < first.length; at++) {
      for (const size of [1, 7, first.length]) {
        const line = join(first.slice(0, at), kernel, first.slice(at), frame(2, "next"));
        const parser = new FrameParser();
        const got = [];
        for (let from = 0; from < line.length; from += size) got.push(...parser.push(line.slice(from, from + size)));
        assertEquals(got.flatMap((f) => f.kind === "record" ? [f.seq] : []), [1, 2], `${at} ${size}`);
        const said = got.filter((f) => f.kind === "noise").map((f) => f.text);
        assertEquals(said, [
          "<4>[   13.084645] netdevsim netdevsim10: hello",
          "<30>[   13.084646][  T12] more",
        ], `${at} ${size}`);
      }
    }
  });

  it("FrameParser takes a record whole wherever the board reports in it that it is alive, in whatever pieces it comes", () => {
    const first = frame(1, "some payload\nof a reply\n\n");
    const beat = utf8.encode("\n@~\n");
    for (let at = 0; at <= first.length; at++) {
      // Not within a line of the agent, which the agent writes by one write(2)
      if (first.slice(0, at).lastIndexOf(10) < first.indexOf(64) && at > first.indexOf(64)) continue;
      const line = join(first.slice(0, at), beat, first.slice(at), beat, frame(2, "next"));
      for (const size of [1, 2, 3, 5, line.length]) {
        const parser = new FrameParser();
        const got = [];
        for (let from = 0; from < line.length; from += size) got.push(...parser.push(line.slice(from, from + size)));
        const texts = got.map((f) => f.kind === "record" ? new TextDecoder().decode(f.bytes) : JSON.stringify(f));
        assertEquals(texts, ["some payload\nof a reply\n\n", "next"], `at ${at}, ${size} bytes a time`);
        assertEquals(parser.beats, 2);
      }
    }
  });

  it("FrameParser calls a record damaged wherever other text is spliced into it, and finds the next one", () => {
    const first = frame(1, "some payload of a reply\nin two lines\n");
    const kernel = utf8.encode("netdevsim netdevsim10: hello\n");
    const body = first.indexOf(10, 1) + 1;
    for (let at = body + 1; at < first.length - 1; at++) {
      const parser = new FrameParser();
      const got = parser.push(join(first.slice(0, at), kernel, first.slice(at), frame(2, "next")));
      const records = got.filter((f) => f.kind === "record");
      assertEquals(got.find((f) => f.kind === "damaged"), { kind: "damaged", seq: 1 });
      assertEquals(records.map((f) => f.seq), [2]);
    }
  });

  it("FrameParser never takes a record with a flipped, lost or doubled byte for whole", () => {
    const good = frame(7, "reply");
    const header = good.indexOf(64);
    for (let at = header; at < good.length - 1; at++) {
      for (
        const bad of [
          join(good.slice(0, at), good.slice(at + 1)),
          join(good.slice(0, at + 1), good.slice(at)),
          good.map((byte, i) => i === at ? byte ^ 1 : byte),
        ]
      ) {
        const parser = new FrameParser();
        const got = parser.push(join(bad, utf8.encode("\n\n\n\n")));
        for (const f of got) {
          if (f.kind !== "record") continue;
          // Only the number may still be wrong, but the first line of the record has it, too.
          assertEquals(new TextDecoder().decode(f.bytes), "reply");
        }
      }
    }
  });
});
