import { assertEquals, assertMatch } from "@std/assert";

const AGENT = await Deno.readTextFile(new URL("agent_races.sh", import.meta.url));

/**
 * Runs a race of one racer with the agent in a real shell. The clock of the race ticks `ticks` times, each time as soon as it
 * is read. Then the racer answers if `ends` is true.
 */
async function raced(shell: string, { ticks, ends }: { ticks: number; ends: boolean }): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const script = `
${AGENT}
TL_D=${folder} TL_MOST=8000000 TL_HELPER= TL_SHELL=${shell} TL_STRIP= TL_FINITE=1 TL_PRELOAD= TL_IP=ip
mkfifo "$TL_D/on" "$TL_D/never"
exec 9<> "$TL_D/never"
tl_now() { read -r TL_UP TL_IDLE < /proc/uptime; }
tl_lives() { kill -0 "$1"; }
tl_exec_devlink() { exec cat > /dev/null; }
tl_before() { :; }
tl_after() { :; }
tl_names() { :; }
tl_show() { :; }
tl_stacks() { echo stacks; }
tl_slept=0
sleep() {
  tl_slept=$((tl_slept + 1))
  [ $tl_slept -gt ${ticks} ] || return 0
  ${ends ? 'echo on > "$TL_D/on"' : ":"}
  read -r tl_x <&9
}
TL_RACER_1='tl_operations() { read -r tl_x < ${folder}/on; tl_tell 0; }'
tl_race 1 1 7 2
`;
    const { stdout } = await new Deno.Command(shell, { args: ["-c", script], stdin: "null" }).output();
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const shell of ["sh", "bash"]) {
  Deno.test(`a race in ${shell}: racers that end in time, end late, and do not end`, async () => {
    const inTime = await raced(shell, { ticks: 1, ends: true });
    assertMatch(inTime, /^runs 1\n(?!late)[^]*^run 1\t0\|/m);
    const late = await raced(shell, { ticks: 3, ends: true });
    assertMatch(late, /^runs 1\nlate 1\n[^]*^run 1\t0\|/m);
    const hung = await raced(shell, { ticks: 4, ends: false });
    assertMatch(hung, /^runs 1\n(?!late)[^]*^run 1\thang/m);
    assertEquals(hung.trim().split("\n").at(-1), "stacks");
  });
}
