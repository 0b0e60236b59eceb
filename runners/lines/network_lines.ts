/**
 * The openers of lines that are not devices of this machine, by the scheme of their paths.
 *
 * @module
 */

import type { BindingPortInterface, OpenOptions } from "@serialport/bindings-interface";
import type { LineScheme, NetworkLine } from "../../boards/line_words.ts";
import { openRfc2217Port, openTcpPort } from "./_network_port.ts";

/** Opens a line. Throws an `Error` with a message of one line if it cannot. */
export type LineOpener = (options: Required<OpenOptions>, line: NetworkLine) => Promise<BindingPortInterface>;

/** The list of openers: one for each scheme of `boards/line_words.ts`. */
const OPENERS: Readonly<Record<LineScheme, LineOpener>> = { tcp: openTcpPort, rfc2217: openRfc2217Port };

/** Opens a line by the scheme of its path. */
export const openNetworkLine: LineOpener = (options, line) => OPENERS[line.protocol](options, line);
