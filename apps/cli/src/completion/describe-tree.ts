import type { Command, Option } from 'commander';

/** A command of the tree, as completion needs it. */
export interface CommandNode {
  /** Words from the program's name on, without it; empty for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  readonly children: readonly string[];
  readonly options: readonly OptionNode[];
  /** Words that an argument may be. */
  readonly choices: readonly string[];
}

interface OptionNode {
  readonly flag: string;
  readonly description: string;
  readonly takesValue: boolean;
  /** Words that its value may be; empty where it may be anything. */
  readonly values: readonly string[];
}

/** Every command below the program, the program first. What commander itself runs, so it cannot be out of date. */
export function describeTree(program: Command): readonly CommandNode[] {
  return describe(program, []);
}

function describe(command: Command, path: readonly string[]): readonly CommandNode[] {
  const { commands } = command;
  const node = {
    path,
    description: command.description(),
    children: commands.map((child) => child.name()),
    options: [...command.options.map(describeOption), helpOption],
    choices: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
  };
  return [node, ...commands.flatMap((child) => describe(child, [...path, child.name()]))];
}

const helpOption: OptionNode = { flag: '--help', description: 'show help', takesValue: false, values: [] };

function describeOption({ long, short, flags, description, required, optional, argChoices }: Option): OptionNode {
  return { flag: long ?? short ?? flags, description, takesValue: required || optional, values: argChoices ?? [] };
}
