export interface Instruction {
  /** The name of the stage that it belongs to; empty before the first. */
  readonly stage: string;
  readonly keyword: string;
  /** What follows, with its continued lines joined. */
  readonly text: string;
}

/** The instructions of a Dockerfile in which every stage has a name. */
export function readInstructions(dockerfile: string): readonly Instruction[] {
  const lines = dockerfile
    .replaceAll(/^\s*#.*\n/gmu, '')
    .replaceAll(/\\\n\s*/gu, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  let stage = '';
  return lines.map((line) => {
    const [keyword = '', ...words] = line.split(' ');
    const text = words.join(' ');
    if (keyword === 'FROM') stage = / AS (?<name>[\w-]+)$/u.exec(text)?.groups?.['name'] ?? '';
    return { stage, keyword, text };
  });
}
