/** Writes `board.schema.json`: `deno task schema`. */
import { boardJsonSchema } from "./schema.ts";

await Deno.writeTextFile(new URL("./board.schema.json", import.meta.url), boardJsonSchema());
