/**
 * The history of a folder of runs, in a SQLite database beside them: the history stays when the runs are removed.
 *
 * @module
 */

import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { visible } from "../../boards/mod.ts";
import { releaseLock } from "../../boards/state.ts";
import { UsageError } from "../usage_error.ts";
import { findRuns, type PartRecord, readRun, type ResultRecord, type RunRecord, stampOf } from "./run_record.ts";

/** The file of the database, in the folder of the runs. */
export const DATABASE = "history.sqlite";
const LOCK = `${DATABASE}.lock`;
const BROKEN = `${DATABASE}.broken`;
/** Version of the tables. A database of another version is rebuilt. */
const VERSION = 1;
/** How long to wait for another program that uses the database, in ms. */
const TIMEOUT = 10_000;

const TABLES = `
CREATE TABLE IF NOT EXISTS runs (
  id INTEGER PRIMARY KEY, folder TEXT NOT NULL, started TEXT NOT NULL, stamp TEXT NOT NULL, over INTEGER NOT NULL,
  exit INTEGER, commit_id TEXT NOT NULL, command TEXT NOT NULL, kept INTEGER NOT NULL, UNIQUE (folder, started)) STRICT;
CREATE TABLE IF NOT EXISTS parts (
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, board TEXT NOT NULL,
  transport TEXT NOT NULL, kernel TEXT NOT NULL, driver TEXT NOT NULL, firmware TEXT NOT NULL, exit INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS parts_of_run ON parts (run);
CREATE TABLE IF NOT EXISTS sequences (
  id INTEGER PRIMARY KEY, suite TEXT NOT NULL, sequence TEXT NOT NULL, UNIQUE (suite, sequence)) STRICT;
CREATE TABLE IF NOT EXISTS results (
  part INTEGER NOT NULL REFERENCES parts ON DELETE CASCADE, sequence INTEGER NOT NULL REFERENCES sequences,
  verdict TEXT NOT NULL, ms REAL) STRICT;
CREATE INDEX IF NOT EXISTS results_of_part ON results (part);
PRAGMA user_version = ${VERSION};
`;

/** A run in the history. */
export interface HistoryRun extends Omit<RunRecord, "parts"> {
  id: number;
  /** False if the run's folder is gone, or has another run now */
  kept: boolean;
}

/** A board over a line, in one run. */
export interface HistoryPart extends Omit<PartRecord, "results"> {
  id: number;
  run: HistoryRun;
}

/** The result of a sequence on a board in a run. */
export interface HistoryResult extends ResultRecord {
  part: HistoryPart;
}

/** True for an error that states that a file is no database, or a broken one. */
const isBroken = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR" &&
  /malformed|not a database|disk image|no such (table|column)|database corruption/i.test(error.message);

class BrokenError extends Error {}

/** The history of one folder, which no other process changes until it is disposed of. */
export class History implements Disposable {
  readonly #db: DatabaseSync;
  readonly #lock: Disposable;

  private constructor(db: DatabaseSync, lock: Disposable) {
    this.#db = db;
    this.#lock = lock;
  }

  /**
   * Opens the history of a folder, and reads the runs that are new in it or have changed. A database that is broken, or of another
   * version, is renamed and rebuilt from the folders.
   *
   * @param warn Called with a line if the database was broken
   * @throws {UsageError} If the folder cannot be read or written
   */
  static async open(folder: string, warn: (line: string) => void): Promise<History> {
    const fail = (error: unknown) =>
      error instanceof UsageError ? error : new UsageError(
        `Cannot open the history of "${visible(folder)}": ${visible((error as Error).message)}`,
      );
    let lock: Disposable;
    try {
      if (!(await Deno.stat(folder)).isDirectory) throw new Error("it is no folder");
      const file = await Deno.open(join(folder, LOCK), { write: true, create: true });
      await file.lock(true);
      lock = { [Symbol.dispose]: () => releaseLock(file) };
    } catch (error) {
      throw fail(error);
    }
    try {
      for (let tries = 0;; tries++) {
        let db: DatabaseSync | undefined;
        try {
          db = openDatabase(join(folder, DATABASE));
          const history = new History(db, lock);
          await history.#update(folder);
          return history;
        } catch (error) {
          db?.close();
          if (tries > 0 || !(error instanceof BrokenError || isBroken(error))) throw error;
          await Deno.rename(join(folder, DATABASE), join(folder, BROKEN));
          // Unfinished transactions belong to the broken database.
          for (const end of ["-journal", "-wal", "-shm"]) {
            await Deno.remove(join(folder, DATABASE + end)).catch(() => {});
          }
          warn(
            `the history was broken (${visible((error as Error).message)}): it is rebuilt from the folders, ` +
              `without the runs whose folders are gone; the old one is ${BROKEN}`,
          );
        }
      }
    } catch (error) {
      lock[Symbol.dispose]();
      throw fail(error);
    }
  }

  /** Reads what is new in the folder. */
  async #update(root: string): Promise<void> {
    const known = new Map(
      this.#all<{ folder: string; stamp: string }>("SELECT folder, stamp FROM runs WHERE kept = 1").map((
        { folder, stamp },
      ) => [folder, stamp]),
    );
    const folders = await findRuns(root);
    const fresh: { record: RunRecord; stamp: string }[] = [];
    for (const folder of folders) {
      const stamp = await stampOf(join(root, folder));
      if (known.get(folder) === stamp) continue;
      const record = await readRun(root, folder);
      if (record) fresh.push({ record, stamp });
    }
    this.#db.exec("BEGIN IMMEDIATE");
    for (const { record, stamp } of fresh) this.#put(record, stamp);
    const there = new Set(folders);
    for (const folder of known.keys()) if (!there.has(folder)) this.gone(folder);
    this.#db.exec("COMMIT");
  }

  #all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#db.prepare(sql).all(...values) as T[];
  }

  #put({ folder, started, over, exit, commit, command, parts }: RunRecord, stamp: string): void {
    // The folder now has this run, and not the earlier run.
    this.#db.prepare("UPDATE runs SET kept = 0 WHERE folder = ?").run(folder);
    this.#db.prepare("DELETE FROM runs WHERE folder = ? AND started = ?").run(folder, started);
    const run = this.#db.prepare(
      "INSERT INTO runs (folder, started, stamp, over, exit, commit_id, command, kept) VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
    ).run(folder, started, stamp, over ? 1 : 0, exit, commit, command).lastInsertRowid;
    const addPart = this.#db.prepare(
      "INSERT INTO parts (run, board, transport, kernel, driver, firmware, exit) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    const addName = this.#db.prepare("INSERT OR IGNORE INTO sequences (suite, sequence) VALUES (?, ?)");
    const addResult = this.#db.prepare(
      "INSERT INTO results SELECT ?, id, ?, ? FROM sequences WHERE suite = ? AND sequence = ?",
    );
    for (const { board, transport, kernel, driver, firmware, exit, results } of parts) {
      const part = addPart.run(run, board, transport, kernel, driver, firmware, exit).lastInsertRowid;
      for (const { suite, sequence, verdict, ms } of results) {
        addName.run(suite, sequence);
        addResult.run(part, verdict, ms, suite, sequence);
      }
    }
  }

  /** Notes that the folder of a run is gone; the run's results stay. */
  gone(folder: string): void {
    this.#db.prepare("UPDATE runs SET kept = 0 WHERE folder = ?").run(folder);
  }

  /** Returns the runs, the oldest first. */
  runs(): HistoryRun[] {
    interface Row extends Omit<HistoryRun, "over" | "kept" | "commit"> {
      over: number;
      kept: number;
      commit_id: string;
    }
    const rows = this.#all<Row & { stamp: string }>("SELECT * FROM runs ORDER BY started, id");
    return rows.map(({ over, kept, commit_id: commit, stamp: _, ...rest }) => (
      { ...rest, over: over === 1, kept: kept === 1, commit }
    ));
  }

  /** Returns the boards of some runs, in their order. */
  parts(runs: readonly HistoryRun[]): HistoryPart[] {
    const byId = new Map(runs.map((run) => [run.id, run]));
    const order = new Map(runs.map(({ id }, i) => [id, i]));
    return this.#all<Omit<HistoryPart, "run"> & { run: number }>("SELECT * FROM parts ORDER BY id").flatMap((row) => {
      const run = byId.get(row.run);
      return run ? [{ ...row, run }] : [];
    }).sort((a, b) => order.get(a.run.id)! - order.get(b.run.id)!);
  }

  /** Returns the results of the sequences of some boards, in the order of the boards. */
  results(parts: readonly HistoryPart[]): HistoryResult[] {
    const select = this.#db.prepare(
      "SELECT s.suite, s.sequence, r.verdict, r.ms FROM results r JOIN sequences s ON s.id = r.sequence WHERE r.part = ?",
    );
    return parts.flatMap((part) =>
      (select.all(part.id) as unknown as Omit<HistoryResult, "part">[]).map((row) => ({ ...row, part }))
    );
  }

  [Symbol.dispose](): void {
    this.#db.close();
    this.#lock[Symbol.dispose]();
  }
}

function openDatabase(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: TIMEOUT });
  try {
    db.exec("PRAGMA foreign_keys = ON");
    const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
    const { length } = db.prepare("SELECT name FROM sqlite_schema").all();
    if (version !== VERSION && length > 0) throw new BrokenError(`its version is ${version}, this has ${VERSION}`);
    const [check] = db.prepare("PRAGMA quick_check(1)").all() as { quick_check: string }[];
    if (check?.quick_check !== "ok") throw new BrokenError(check?.quick_check ?? "it cannot be checked");
    db.exec(TABLES);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
