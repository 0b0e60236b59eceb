/** What {@linkcode promptSecret} takes. */
export interface PromptSecretOptions {
  mask?: string;
  clear?: boolean;
}
/** Asks on the terminal without echo; null where standard input is none. */
export function promptSecret(
  message?: string,
  options?: PromptSecretOptions,
): string | null;
