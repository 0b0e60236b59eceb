/**
 * Redirections: `>`, `<<`, `2>&1`.
 *
 * @module
 */

import type { Redirection, WordPart } from "unbash";
import { errorText } from "./errno.ts";
import { expandParts, expandText, type Surroundings } from "./expand.ts";
import { type FileSystem, resolvePath } from "./files.ts";
import { Source } from "./open_file.ts";
import type { Process } from "./process.ts";
import type { Run } from "./run.ts";
import { ShellError } from "./state.ts";

/** The shell that redirects. */
interface RedirectedShell extends Surroundings {
  readonly process: Process;
  readonly system: { readonly files: FileSystem };
}

/** Returns a part of a here document without the tabs at the start of its lines. */
function withoutTabs(part: WordPart, index: number): WordPart {
  if (part.type !== "Literal") return part;
  return { ...part, value: part.value.replace(index === 0 ? /^\t+/gm : /(?<=\n)\t+/g, "") };
}

/** Applies one redirection to the process of a shell. */
export function* redirect(redirection: Redirection, shell: RedirectedShell): Run<void> {
  const { process, system } = shell;
  const given = redirection.descriptor?.type === "FileDescriptor" ? redirection.descriptor.value : undefined;
  if (redirection.type === "HereDoc") {
    const { body, delimiter } = redirection;
    const tabs = redirection.operator === "<<-";
    const parts = tabs ? body.parts?.map(withoutTabs) : body.parts;
    const text = parts && !delimiter?.quoted
      ? yield* expandParts(parts, shell)
      : tabs
      ? body.text.replace(/^\t+/gm, "")
      : body.text;
    return process.put(given ?? 0, new Source(text));
  }
  const target = yield* expandText(redirection.target, shell);
  if (redirection.type === "HereString") return process.put(given ?? 0, new Source(`${target}\n`));
  const { operator } = redirection;
  if (operator === ">&" || operator === "<&") {
    const fd = given ?? (operator === ">&" ? 1 : 0);
    if (target === "-") return process.close(fd);
    const file = process.files.get(Number(target));
    if (!file) throw new ShellError(`${target}: Bad file descriptor`);
    file.retain();
    return process.put(fd, file);
  }
  const both = operator.startsWith("&");
  const reads = operator === "<" || operator === "<>";
  const mode = reads ? "r" : operator.endsWith(">>") ? "a" : "w";
  const path = resolvePath(process.cwd, target);
  const opened = system.files.open(path, mode, process.netns);
  if ("errno" in opened) {
    const { errno } = opened;
    const why = errno === "ENOENT" ? (reads ? "No such file" : "Directory nonexistent") : errorText(errno);
    throw new ShellError(`cannot ${reads ? "open" : "create"} ${target}: ${why}`);
  }
  process.put(given ?? (reads ? 0 : 1), opened.file);
  if (both) {
    opened.file.retain();
    process.put(2, opened.file);
  }
}
