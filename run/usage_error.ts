/** A command line that cannot be understood: exit status 2. */
export class UsageError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "UsageError";
}
