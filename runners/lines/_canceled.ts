/** Ends the reads and writes of a port that was closed; the stream of serialport expects `canceled`. */
export class CanceledError extends Error {
  override name = "CanceledError";
  readonly canceled = true;
}
