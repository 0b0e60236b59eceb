/** `twinlink record`. */

import { type TransportName, visible } from "../boards/mod.ts";
import { BOARD_OPTIONS, chosenBoards, secondsOf } from "./_shared.ts";
import { command, UsageError } from "./command.ts";
import { runJob } from "./job.ts";
import { openSuites } from "../run/suite_process.ts";

export default command({
  name: "record",
  usage: ["[SUITE..] --board BOARD --out FILE [OPTION..]"],
  details:
    `The trace can be judged later, elsewhere and by a newer model: see "twinlink check". It is written in any case;
the exit status is as for "twinlink run".`,
  options: {
    ...BOARD_OPTIONS,
    out: { type: "text", short: "o", value: "FILE", help: "The trace: NAME.jsonl or NAME.jsonl.gz" },
  },
  run: async (values, operands, { signal }) => {
    const { out } = values;
    if (values.board.length !== 1) throw new UsageError("A recording is of one board: give --board once");
    if (values.transport.length > 1) throw new UsageError("A recording is of one line: give --transport once");
    if (out === undefined) throw new UsageError("No file is named: add --out FILE");
    if (!/\.jsonl(\.gz)?$/.test(out)) {
      throw new UsageError(`Cannot record to "${visible(out)}": the name must end in .jsonl or .jsonl.gz`);
    }
    const timeout = secondsOf(values.timeout);
    const boards = await chosenBoards(values);
    const suites = await openSuites(operands, { signal, timeout });
    const { status } = await runJob({
      boards,
      suites,
      transports: values.transport as TransportName[],
      filter: values.filter,
      skipUnsupported: operands.length === 0,
      reporter: "dots",
      trace: out,
      iKnow: values["i-know"],
      wait: values.wait,
      doing: "twinlink record",
    }, { signal });
    return status;
  },
});
