/** What all pages are: one document that loads nothing, and runs its own script and style alone. */

import { createHash } from "node:crypto";
import { markup, type Part, raw } from "./markup.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Returns a page with a strict content security policy. */
export function documentText(title: string, body: Part): string {
  const policy = [
    "default-src 'none'",
    `script-src ${hash(SCRIPT)}`,
    `style-src ${hash(STYLE)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return markup`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${
    raw(policy)
  }"><meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><style>${
    raw(STYLE)
  }</style></head><body>
    ${body}
    <script>${raw(SCRIPT)}</script></body></html>`.text;
}
