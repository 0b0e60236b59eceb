/** `twinlink completion`: prints the script that completes command lines in a shell. */

import { print } from "../run/output.ts";
import { GENERAL_OPTIONS, type Place, type TypedCommand, typedCommands, type TypedOption } from "./_completion.ts";
import { command, UsageError } from "./command.ts";
import { suggestion } from "../boards/suggestion.ts";
import { visible } from "../boards/visible.ts";

/** Quotes any text as one word of sh and zsh. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

const dashed = ({ long, short }: TypedOption) => [`--${long}`, ...(short ? [`-${short}`] : [])];

/** Returns the script for bash. readline completes and quotes file names itself, if no word fits. */
function bash(commands: readonly TypedCommand[]): string {
  const branch = (patterns: readonly string[], { words, files }: Place) =>
    `    ${patterns.join(" | ")}) words=${quoted(words.join(" "))}${files ? "" : "; compopt +o default"} ;;`;
  const general = [...commands.map(({ name }) => name), ...GENERAL_OPTIONS.map(([option]) => option)];
  const branches = commands.flatMap(({ name, options, first, operands }) => [
    ...options.flatMap((option) =>
      option.value ? [branch(dashed(option).map((form) => `${name}:${form}:*`), option.value)] : []
    ),
    branch([`${name}:*:-*`], { words: options.map(({ long }) => `--${long}`), files: false }),
    ...first ? [branch([`${name}:${name}:*`], first)] : [],
    branch([`${name}:*`], operands),
  ]);
  return `# Completes twinlink in bash. In ~/.bashrc: source <(twinlink completion bash)
_twinlink() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command= words= i=1
  # --board=NAME is three words.
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  while [[ \${COMP_WORDS[i]} == -C ]]; do ((i += 2)); done
  ((i < COMP_CWORD)) && command=\${COMP_WORDS[i]}
  case $command:$prev:$cur in
    :-C:*) ;;
${branch([":*"], { words: general, files: false })}
${branches.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _twinlink twinlink
`;
}

/** Returns the script for zsh; `_files` quotes file names. */
function zsh(commands: readonly TypedCommand[]): string {
  const described = (text: string) => text.replaceAll(/[\\[\]:]/g, "\\$&");
  const action = ({ words, files }: Place) => {
    if (words.length === 0) return files ? "_files" : " ";
    return files ? ` _twinlink_or_file ${words.join(" ")}` : `(${words.join(" ")})`;
  };
  const spec = (option: TypedOption) =>
    dashed(option).map((form) => {
      const sign = option.value === undefined ? "" : form.startsWith("--") ? "=" : "+";
      const value = option.value === undefined ? "" : `:value:${action(option.value)}`;
      return quoted(`*${form}${sign}[${described(option.help)}]${value}`);
    });
  const branches = commands.map(({ name, options, first, operands }) => {
    const specs = [
      ...options.flatMap(spec),
      ...first ? [quoted(`1:action:${action(first)}`)] : [],
      quoted(`*:operand:${action(operands)}`),
    ];
    return `    ${name}) _arguments -S : \\\n      ${specs.join(" \\\n      ")} ;;`;
  });
  const lines = (of: readonly (readonly [string, string])[]) =>
    of.map(([word, help]) => `    ${quoted(`${described(word)}:${described(help)}`)}`).join("\n");
  return `#compdef twinlink
# Completes twinlink in zsh. In ~/.zshrc, after compinit: source <(twinlink completion zsh)
_twinlink_or_file() {
  compadd -- "$@"
  _files
}
_twinlink() {
  integer i=2
  while [[ $words[i] == -C ]]; do (( i += 2 )); done
  local -a commands=(
${lines(commands.map(({ name, summary }) => [name, summary] as const))}
  )
  local -a general=(
${lines(GENERAL_OPTIONS)}
  )
  if (( CURRENT <= i )); then
    if [[ $words[CURRENT-1] == -C ]]; then _files -/; else _describe command commands -- general; fi
    return
  fi
  words=("\${(@)words[i,-1]}")
  (( CURRENT -= i - 1 ))
  case $words[1] in
${branches.join("\n")}
  esac
}
if [[ $funcstack[1] == _twinlink ]]; then _twinlink "$@"; else compdef _twinlink twinlink; fi
`;
}

/** Returns the script for fish, which quotes file names itself. */
function fish(commands: readonly TypedCommand[]): string {
  const text = (of: string) => `'${of.replaceAll(/['\\]/g, "\\$&")}'`;
  const line = (...words: readonly string[]) => ["complete -c twinlink", ...words].join(" ");
  /** Returns the flags of `complete`: `-f`: no files; `-F`: also files; `-r`: needs a value. */
  const placed = (
    { words, files }: Place,
  ) => [files ? "-F" : "-f", ...words.length > 0 ? ["-a", text(words.join(" "))] : []];
  const lines = commands.flatMap(({ name, summary, options, first, operands }) => [
    line("-n", text("__twinlink_at"), "-f", "-a", name, "-d", text(summary)),
    ...options.map(({ long, short, help, value }) =>
      line(
        "-n",
        text(`__twinlink_at ${name}`),
        "-l",
        long,
        ...short ? ["-s", short] : [],
        ...value ? ["-r", ...placed(value)] : [],
        "-d",
        text(help),
      )
    ),
    ...first ? [line("-n", text(`__twinlink_at ${name} first`), ...placed(first))] : [],
    line("-n", text(`__twinlink_at ${name}${first ? " rest" : ""}`), ...placed(operands)),
  ]);
  const general = GENERAL_OPTIONS.map(([option, help]) =>
    line(
      "-n",
      text("__twinlink_at"),
      ...option.startsWith("--") ? ["-l", option.slice(2)] : ["-s", option.slice(1)],
      ...option === "-C" ? ["-r", "-F"] : [],
      "-d",
      text(help),
    )
  );
  return `# Completes twinlink in fish. In ~/.config/fish/config.fish: twinlink completion fish | source
function __twinlink_at
    set -l words (commandline -opc)
    set -e words[1]
    while test "$words[1]" = -C
        set -e words[1]
        set -e words[1]
    end
    test "$words[1]" = "$argv[1]"; or return 1
    switch "$argv[2]"
        case first
            test (count $words) -eq 1
        case rest
            test (count $words) -gt 1
    end
end
${[...general, ...lines].join("\n")}
`;
}

const SHELLS = { bash, zsh, fish };

export default command({
  name: "completion",
  usage: [Object.keys(SHELLS).join("|")],
  details:
    `Completes the command twinlink, as bin/twinlink in the PATH is called: subcommands, options, their values, and the
names of boards and suites that ship. To load it each time, add the line that its comment at the top shows.`,
  options: {},
  run: async (_, operands, { interrupts }) => {
    interrupts.harmless();
    const [name = "", ...more] = operands;
    const names = Object.keys(SHELLS);
    if (more.length > 0 || name === "") throw new UsageError(`Name one shell: ${names.join(", ")}`);
    if (!Object.hasOwn(SHELLS, name)) {
      const hint = suggestion(name, names) || `; there are ${names.join(", ")}`;
      throw new UsageError(`Cannot complete in "${visible(name)}": no such shell is known${hint}`);
    }
    print(SHELLS[name as keyof typeof SHELLS](await typedCommands()));
    return 0;
  },
});
