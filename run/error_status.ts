/** Tells errors of the user from errors of the board: the exit status of each class, by its name. */

/** Errors that the user can fix, and their exit status; any other error is a bug of twinlink. */
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
  // A kernel, an image or a guest that could not be made; a program that failed to make it.
  FixtureError: 3,
  CommandError: 3,
  // An operation outside of a sequence that is not modelled.
  ModelGap: 3,
};

/** True for an error of the board, not of the model or of twinlink: verdict `infra`, and the run goes on. */
export function isInfra(error: unknown): error is Error {
  return error instanceof Error && STATUS_OF[error.name] === 3;
}
