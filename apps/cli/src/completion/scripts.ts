import { assertNever } from '@ccg/kernel';
import type { CommandNode } from './describe-tree.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** A script that teaches a shell to complete `ccg`. */
export function completionScript(shell: Shell, tree: readonly CommandNode[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(tree);
    case 'zsh':
      return zshScript(tree);
    case 'fish':
      return fishScript(tree);
    default:
      return assertNever(shell);
  }
}

/** The words so far that are commands lead to a path in the tree; options and their values are passed over. */
function walk(tree: readonly CommandNode[], indent: string): string {
  const paths = tree.map(({ path }) => path).filter(({ length }) => length > 0);
  const patterns = paths.map((path) => `'${path.join(' ')}'`).join(' | \\\n' + `${indent}  `);
  return `${indent}case "\${at:+$at }$word" in\n${indent}  ${patterns}) at="\${at:+$at }$word" ;;\n${indent}esac`;
}

function bashScript(tree: readonly CommandNode[]): string {
  const words = tree.map(({ path, children, choices, options }) => {
    const all = [...children, ...choices, ...options.map(({ flag }) => flag)].join(' ');
    return `    '${path.join(' ')}') words='${all}' ;;`;
  });
  return `# ccg: completion for bash. In ~/.bashrc: source <(ccg completion bash)
_ccg() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
${walk(tree, '    ')}
  done
  COMPREPLY=()
  case "$prev" in
${valueLists(tree)
  .map(([flag, values]) => `    ${flag}) COMPREPLY=($(compgen -W '${values}' -- "$cur")); return ;;`)
  .join('\n')}
    # Another value of an option is none of ours: bash then offers files.
    ${valueFlags(tree).join(' | ')}) return ;;
  esac
  case "$at" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _ccg ccg
`;
}

function zshScript(tree: readonly CommandNode[]): string {
  const cases = tree.map((node) => {
    const commands = [...childrenOf(tree, node), ...node.choices.map((word) => [word, ''] as const)];
    const words = [...commands, ...node.options.map(({ flag, description }) => [flag, description] as const)];
    const items = words.map(([word, description]) => `'${quoted(`${word}:${description}`)}'`);
    return `    '${node.path.join(' ')}') items=(${items.join(' ')}) ;;`;
  });
  return `# ccg: completion for zsh. In ~/.zshrc, after compinit: source <(ccg completion zsh)
_ccg() {
  local at='' word
  local -a items
  for word in "\${(@)words[2,CURRENT-1]}"; do
${walk(tree, '    ')}
  done
  case "\${words[CURRENT-1]}" in
${valueLists(tree)
  .map(([flag, values]) => `    ${flag}) compadd -- ${values}; return ;;`)
  .join('\n')}
    ${valueFlags(tree).join(' | ')}) _files; return ;;
  esac
  case "$at" in
${cases.join('\n')}
  esac
  _describe 'ccg' items
}
compdef _ccg ccg
`;
}

function fishScript(tree: readonly CommandNode[]): string {
  const lines = tree.flatMap((node) => {
    const here = `-n "__ccg_at '${node.path.join(' ')}'"`;
    const words = [...childrenOf(tree, node), ...node.choices.map((word) => [word, ''] as const)];
    return [
      ...words.map(([word, description]) => `complete -c ccg -f ${here} -a ${word} -d '${fishQuoted(description)}'`),
      ...node.options.map(({ flag, description, takesValue, values }) => {
        const value = values.length > 0 ? ` -x -a '${values.join(' ')}'` : takesValue ? ' -r' : '';
        return `complete -c ccg ${here} -l ${flag.replace(/^--/u, '')}${value} -d '${fishQuoted(description)}'`;
      }),
    ];
  });
  const paths = tree.map(({ path }) => path).filter(({ length }) => length > 0);
  return `# ccg: completion for fish. In ~/.config/fish/config.fish: ccg completion fish | source
function __ccg_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    set -l longer (string trim "$at $word")
    if contains -- "$longer" ${paths.map((path) => `'${path.join(' ')}'`).join(' ')}
      set at $longer
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function childrenOf(
  tree: readonly CommandNode[],
  { path, children }: CommandNode,
): readonly (readonly [string, string])[] {
  return children.map((name) => {
    const child = tree.find((node) => node.path.join(' ') === [...path, name].join(' '));
    return [name, child?.description ?? ''];
  });
}

function valueFlags(tree: readonly CommandNode[]): readonly string[] {
  const flags = tree.flatMap(({ options }) => options.filter(({ takesValue }) => takesValue).map(({ flag }) => flag));
  return [...new Set(flags)];
}

/** The options whose values are known, each with all that it may be in some command. */
function valueLists(tree: readonly CommandNode[]): readonly (readonly [string, string])[] {
  const lists = new Map<string, Set<string>>();
  for (const { flag, values } of tree.flatMap(({ options }) => options)) {
    if (values.length > 0) lists.set(flag, new Set([...(lists.get(flag) ?? []), ...values]));
  }
  return [...lists].map(([flag, values]) => [flag, [...values].join(' ')]);
}

/** Inside single quotes of bash and zsh. */
function quoted(text: string): string {
  return text.replaceAll("'", String.raw`'\''`);
}

/** Inside single quotes of fish. */
function fishQuoted(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`);
}
