/** Parses a document of YAML; see @std/yaml. */
export function parse(content: string): unknown;
