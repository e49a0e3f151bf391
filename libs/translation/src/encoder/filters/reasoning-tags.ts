/** Patterns of the tags around reasoning, in the content of a JSON string literal. Escapes are never cut by a chunk. */

const blanks = String.raw`(?:[ \t]|\\[nrt])*`;
/** `<`, `<|`, `[` and `◁`, as bytes of UTF-8 or as escapes. */
const left = String.raw`(?:(?:<|(?<!\\)\\u003c)\|?|\[|\u00e2\u0097\u0081|(?<!\\)\\u25c1)`;
const right = String.raw`(?:\|?(?:>|\\u003e)|\]|\u00e2\u0096\u00b7|\\u25b7)`;
const anyName = String.raw`[\w:.-]{2,32}`;

/** What opens and closes a run of reasoning. */
export interface ReasoningTags {
  /** Matches at the beginning of a text; the first group is the name. */
  readonly open: RegExp;
  /** A text that may become the opening tag. */
  readonly openBegins: RegExp;
}

/** The end of a run: the tag, and a beginning of it at the end of a text. */
export interface ClosingTag {
  readonly close: RegExp;
  readonly closeBegins: RegExp;
}

/** The tags that models write by themselves. */
export const usualTags: ReasoningTags = {
  open: new RegExp(String.raw`^${blanks}(?:<|\\u003c)((?:seed:)?think)(?:>|\\u003e)`, 'iu'),
  openBegins: new RegExp(
    String.raw`^${blanks}(?:<|\\u003c)(?:${beginningOf('seed:think')}|${beginningOf('think')})$`,
    'iu',
  ),
};

/** Any tags: what stands between them tells whether it is reasoning. */
export const anyTags: ReasoningTags = {
  open: new RegExp(String.raw`^${blanks}${left}(${anyName})${right}`, 'iu'),
  openBegins: new RegExp(String.raw`^${blanks}${left}[\w:.-]{0,32}\|?$`, 'iu'),
};

/** The end of reasoning whose beginning has no tag. */
export const usualEnd = closingTag(['think', 'thinking', 'seed:think', 'thought', 'reasoning']);

/** The tag that closes one of these names. */
export function closingTag(names: readonly string[]): ClosingTag {
  const any = names.map(escaped).join('|');
  const begun = names.map(beginningOf).join('|');
  return {
    close: new RegExp(String.raw`${left}\\?\/(?:${any})${right}`, 'iu'),
    closeBegins: new RegExp(String.raw`${left}(?:\\?\/(?:(?:${begun})\|?)?)?$`, 'iu'),
  };
}

/** Matches any beginning of the name, the empty one too. */
function beginningOf(name: string): string {
  return Array.from(name).reduceRight((rest, character) => `(?:${escaped(character)}${rest})?`, '');
}

function escaped(text: string): string {
  return text.replace(/[.]/gu, String.raw`\.`);
}
