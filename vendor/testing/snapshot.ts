// @ts-types="./snapshot.d.ts"
export * from "deno-std/testing/snapshot.js";
