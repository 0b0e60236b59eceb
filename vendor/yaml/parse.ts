// @ts-types="./parse.d.ts"
export * from "deno-std/yaml/parse.js";
