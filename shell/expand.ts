/**
 * Expands the words of a script to the arguments of a command: parameters, command substitution, arithmetic, fields, pathnames.
 *
 * @module
 */

import type { DoubleQuotedChild, ParameterExpansionPart, ParsedScript, Word, WordPart } from "unbash";
import { parse } from "unbash";
import { evaluate } from "./arithmetic.ts";
import { isPattern, patternSource, strip } from "./pattern.ts";
import { held, MOST_WORDS, OutOfMemory } from "./memory.ts";
import type { Run } from "./run.ts";
import { ShellError, type ShellState } from "./state.ts";

/** The parts of a shell that expansion needs. */
export interface Surroundings {
  readonly state: ShellState;
  /** Runs a script in a subshell and returns its standard output. */
  substitute(script: ParsedScript, source: string): Run<string>;
  /** The paths that a pattern matches, sorted. */
  glob(pattern: string): string[];
}

/** A piece of a word that was expanded. */
interface Piece {
  text: string;
  /** `literal`: as it stands; `pattern`: its special characters match paths; `split`: the result of an expansion */
  kind: "literal" | "pattern" | "split" | "break";
}

/** Expands words to fields. */
export function* expandFields(words: readonly Word[], scene: Surroundings): Run<string[]> {
  const fields: string[] = [];
  for (const word of words) {
    const pieces = yield* piecesOf(word, scene);
    for (const pattern of split(pieces, scene.state.get("IFS") ?? " \t\n")) {
      const paths = isPattern(pattern) && !scene.state.options.has("f") ? scene.glob(pattern) : [];
      if (paths.length > 0) { for (const path of paths) fields.push(path); }
      else fields.push(unescape(pattern));
      if (fields.length > MOST_WORDS) throw new OutOfMemory("Out of memory");
    }
  }
  return fields;
}

/** Expands a word to one text, for places without field splitting, such as an assignment. */
export function* expandText(word: Word | undefined, scene: Surroundings): Run<string> {
  if (!word) return "";
  const pieces = yield* piecesOf(word, scene);
  return pieces.map((piece) => piece.kind === "break" ? " " : piece.text).join("");
}

/** Expands a word to a pattern; quoted characters are escaped in it. */
export function* expandPattern(word: Word, scene: Surroundings): Run<string> {
  const pieces = yield* piecesOf(word, scene);
  return pieces.map((piece) => piece.kind === "literal" ? escape(piece.text) : piece.text).join("");
}

/** Expands the text of a here document. */
export function* expandParts(parts: readonly WordPart[], scene: Surroundings): Run<string> {
  let text = "";
  for (const part of parts) {
    for (const piece of yield* partPieces(part, scene, true)) {
      text = held(text + (piece.kind === "break" ? " " : piece.text));
    }
  }
  return text;
}

const escape = (text: string) => text.replace(/[\\*?[\]]/g, "\\$&");
const unescape = (pattern: string) => pattern.replace(/\\([^])/g, "$1");

/** Splits the results of expansions at IFS; returns patterns. */
function split(pieces: readonly Piece[], ifs: string): string[] {
  const fields: string[] = [];
  let field: string | undefined;
  const white = [...ifs].filter((char) => /\s/.test(char)).join("");
  for (const { text, kind } of pieces) {
    if (kind === "break") {
      if (field !== undefined) fields.push(field);
      field = undefined;
    } else if (kind !== "split") field = (field ?? "") + (kind === "literal" ? escape(text) : text);
    else {
      for (let i = 0; i < text.length; i++) {
        const char = text[i]!;
        if (!ifs.includes(char)) field = (field ?? "") + (char === "\\" ? "\\\\" : char);
        else if (white.includes(char)) {
          if (field !== undefined) fields.push(field);
          field = undefined;
        } else {
          fields.push(field ?? "");
          field = undefined;
        }
      }
    }
  }
  if (field !== undefined) fields.push(field);
  return fields;
}

function* piecesOf(word: Word, scene: Surroundings): Run<Piece[]> {
  const tilde = /^~(?=\/|$)/.exec(word.text);
  const home = tilde ? scene.state.get("HOME") ?? "/" : undefined;
  if (!word.parts) {
    return [{ text: home === undefined ? word.value : home + word.value.slice(1), kind: "literal" }];
  }
  const pieces: Piece[] = [];
  for (const [i, part] of word.parts.entries()) {
    if (i === 0 && home !== undefined && part.type === "Literal") {
      pieces.push({ text: home + part.value.slice(1), kind: "literal" });
    } else for (const piece of yield* partPieces(part, scene, false)) pieces.push(piece);
  }
  return pieces;
}

function* partPieces(part: WordPart, scene: Surroundings, quoted: boolean): Run<Piece[]> {
  const { state } = scene;
  const result = (text: string): Piece[] => [{ text, kind: quoted ? "literal" : "split" }];
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
    case "AnsiCQuoted":
      return [{ text: part.value, kind: "literal" }];
    case "Glob": {
      if (!part.parts?.length) return [{ text: part.text, kind: "pattern" }];
      // What is expanded between brackets: the text around it stands as it is written
      const pieces: Piece[] = [];
      let at = part.pos;
      for (const child of part.parts) {
        pieces.push({ text: part.text.slice(at - part.pos, child.pos - part.pos), kind: "pattern" });
        pieces.push(...yield* partPieces(child, scene, quoted));
        at = child.end;
      }
      return [...pieces, { text: part.text.slice(at - part.pos), kind: "pattern" }];
    }
    case "DoubleQuoted":
    case "LocaleString": {
      const pieces: Piece[] = [{ text: "", kind: "literal" }];
      const parts = part.parts as readonly DoubleQuotedChild[];
      // "$@" without parameters is no field at all
      if (parts.length === 1 && isAll(parts[0]!) && state.parameters.length === 0) return [];
      for (const child of parts) for (const piece of yield* partPieces(child, scene, true)) pieces.push(piece);
      return pieces;
    }
    case "SimpleExpansion": {
      const name = part.text.slice(1);
      if (name === "@" || (name === "*" && !quoted)) {
        return state.parameters.flatMap((text, i): Piece[] => [
          ...(i > 0 ? [{ text: "", kind: "break" as const }] : []),
          { text, kind: quoted ? "literal" : "split" },
        ]);
      }
      return result(lookUp(state, name));
    }
    case "ParameterExpansion":
      return yield* parameter(part, scene, quoted);
    case "CommandExpansion": {
      if (!part.script) return result("");
      const text = yield* scene.substitute(part.script, part.script.source ?? "");
      return result(text.replace(/\n+$/, ""));
    }
    case "ArithmeticExpansion": {
      if (!part.expression) return result("0");
      const plain = (text: string) => {
        const name = /^\$\{?(\w+|[?#!$])\}?$/.exec(text)?.[1];
        return name === undefined ? text : state.get(name) ?? "0";
      };
      try {
        return result(String(evaluate(part.expression, state, plain)));
      } catch (error) {
        if (!(error instanceof ShellError) || error.fatal) throw error;
        const text = part.text.slice(3, -2).replace(/\$\{?\w+\}?/g, plain);
        throw new ShellError(`${error.message}${error.message.startsWith("arith") ? `: "${text}"` : ""}`, 2, true);
      }
    }
    default:
      // Syntax that only other shells have is taken literally
      return [{ text: part.text, kind: "literal" }];
  }
}

const isAll = (part: DoubleQuotedChild) => part.type === "SimpleExpansion" && part.text === "$@";

function lookUp(state: ShellState, name: string): string {
  const value = state.get(name);
  if (value === undefined && state.options.has("u") && !/^[@*]$/.test(name)) {
    throw new ShellError(`${name}: parameter not set`, 2, true);
  }
  return value ?? "";
}

function* parameter(part: ParameterExpansionPart, scene: Surroundings, quoted: boolean): Run<Piece[]> {
  const { state } = scene;
  const { parameter: name, operation } = part;
  const result = (text: string): Piece[] => [{ text, kind: quoted ? "literal" : "split" }];
  if (part.prefix === "#") return result(String((state.get(name) ?? "").length));
  if (!operation) {
    if (name === "@") return yield* partPieces({ ...part, type: "SimpleExpansion", text: "$@" }, scene, quoted);
    return result(lookUp(state, name));
  }
  const value = state.get(name);
  switch (operation.type) {
    case "Default": {
      const unset = value === undefined || (operation.operator.startsWith(":") && value === "");
      const operator = operation.operator.at(-1);
      if (operator === "+") return unset ? [] : yield* operand(operation.operand, scene, quoted);
      if (!unset) return result(value);
      if (operator === "-") return yield* operand(operation.operand, scene, quoted);
      const text = yield* expandText(operation.operand, scene);
      if (operator === "?") throw new ShellError(`${name}: ${text || "parameter not set"}`, 2, true);
      state.variables.set(name, text);
      return result(text);
    }
    case "Remove":
      return result(strip(value ?? "", yield* expandPattern(operation.operand, scene), operation.operator));
    case "Replace": {
      const pattern = patternSource(yield* expandPattern(operation.pattern, scene));
      const by = yield* expandText(operation.replacement, scene);
      const [head, tail] = [operation.operator === "/#" ? "^" : "", operation.operator === "/%" ? "$" : ""];
      return result(
        (value ?? "").replace(new RegExp(head + pattern + tail, operation.operator === "//" ? "g" : ""), () => by),
      );
    }
    case "Slice": {
      const offset = Number(yield* expandText(operation.offset, scene)) || 0;
      const length = operation.length ? Number(yield* expandText(operation.length, scene)) : undefined;
      const rest = (value ?? "").slice(offset);
      return result(length === undefined ? rest : rest.slice(0, length));
    }
    default:
      throw new ShellError("Bad substitution", 2, true);
  }
}

function* operand(word: Word, scene: Surroundings, quoted: boolean): Run<Piece[]> {
  const pieces = yield* piecesOf(word, scene);
  return quoted ? [{ text: pieces.map((piece) => piece.text).join(""), kind: "literal" }] : pieces;
}

/** Parses a script; syntax errors are in its `errors`. */
export function parseScript(source: string): ParsedScript {
  return parse(source);
}
