/** Which errors are the user's, and which are the board's: the exit status of each class, by its name. */

/** Errors that the user can do something about, and their exit status; any other error is a bug of twinlink. */
export const STATUS_OF: Readonly<Record<string, 2 | 3>> = {
  UsageError: 2,
  BoardError: 2,
  SuiteError: 2,
  RefusedError: 2,
  // A kernel module, or sources of one, that the user named.
  ModuleError: 2,
  // A trace that cannot be read, by its file and line.
  SyntaxError: 2,
  // A permission that was not given to Deno; the message names the flag.
  NotCapable: 2,
  TransportError: 3,
  UnfitBoardError: 3,
  BoardInUseError: 3,
  FixtureUnavailable: 3,
  // A kernel, an image or a guest that did not become what it must be; a program that failed at it.
  FixtureError: 3,
  CommandError: 3,
  // What the model does not have, asked for outside of a sequence.
  ModelGap: 3,
};

/** True for an error that tells of the board, not of the model or of twinlink: verdict `infra`, and the run goes on. */
export function isInfra(error: unknown): error is Error {
  return error instanceof Error && STATUS_OF[error.name] === 3;
}
