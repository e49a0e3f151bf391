/** Text that is the same on every run: words, code and paths as they stand in a coding session. */
export interface Prose {
  /** About `length` characters of sentences, with line breaks, quotes and some characters beyond ASCII. */
  text(length: number): string;
  /** About `length` characters of a numbered listing of source code, as a tool result has it. */
  listing(length: number): string;
  word(): string;
}

const words = [
  'the file request stream session before after value returns handler when test checks error should reads writes path',
  'module function default option user agent gateway provider answer every without because command output directory',
  'background schedule pattern result content string number boolean null array object tokens message limit window',
]
  .join(' ')
  .split(' ');
const beyondAscii = ['naïve', 'café', '→', '…', '—', '“quoted”', '日本語', '✓', 'über', '🚀'];
const lines = [
  'const { result, error } = await client.send("/v1/items", { method: \'POST\', body });',
  'if (result === undefined) throw new Error(`no result for ${name}\\n`);',
  '\texpect(() => parse("{\\"a\\": 1}")).not.toThrow();',
  'export function createHandler(options: HandlerOptions): Handler {',
  '  return items.filter((item) => item.state !== "done").map(({ id }) => id);',
  '}',
  '',
  '  // The caller owns the buffer — do not keep it…',
];

export function createProse(seed: number): Prose {
  let state = seed;
  const below = (limit: number): number => {
    // A linear congruential generator: its numbers need to vary, and no more.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const oneOf = (list: readonly string[]): string => list[below(list.length)] ?? '';
  const fill = (length: number, next: () => string): string => {
    let text = '';
    while (text.length < length) text += next();
    return text.slice(0, length).replace(/[\ud800-\udbff]$/u, '.');
  };
  return {
    text: (length) =>
      fill(length, () => {
        const dice = below(60);
        if (dice === 0) return `${oneOf(beyondAscii)} `;
        if (dice === 1) return `"${oneOf(words)}" `;
        return dice < 5 ? `${oneOf(words)}.\n` : `${oneOf(words)} `;
      }),
    listing(length) {
      let number = 0;
      return fill(length, () => `${String((number += 1)).padStart(6)}\t${oneOf(lines)}\n`);
    },
    word: () => oneOf(words),
  };
}
