/** Patterns of the tags around reasoning, in the content of a JSON string literal. Escapes are never cut by a chunk. */

const blanks = String.raw`(?:[ \t]|\\[nrt])*`;
/** `<`, `<|`, `[` and `◁`, as bytes of UTF-8 or as escapes. */
const left = String.raw`(?:(?:<|(?<!\\)\\u003c)\|?|\[|\u00e2\u0097\u0081|(?<!\\)\\u25c1)`;
const right = String.raw`(?:\|?(?:>|\\u003e)|\]|\u00e2\u0096\u00b7|\\u25b7)`;
const anyName = String.raw`[\w:.-]{2,32}`;

/** What opens a run of reasoning. */
export interface ReasoningTags {
  /** The opening tag at the beginning of a text, and what closes it. */
  opened(this: void, text: string): { readonly tag: string; readonly end: ClosingTag } | undefined;
  /** A text that may become the opening tag. */
  readonly openBegins: RegExp;
}

/** The end of a run: the tag, and a beginning of it at the end of a text. */
export interface ClosingTag {
  readonly close: RegExp;
  readonly closeBegins: RegExp;
}

/** `<`, with the attributes that some models give to a tag. */
const angle = String.raw`(?:<|\\u003c)`;
const attributes = String.raw`(?:[ \t](?:[^<>\\]|\\["/]){0,80})?`;

/** Tags that close otherwise than they open: of Cohere's models, and of Gemma's. */
const pairs: readonly (readonly [open: RegExp, close: ClosingTag])[] = [
  [pairBegin(String.raw`\|START_THINKING\|(?:>|\\u003e)`), pairEnd('END_THINKING', String.raw`\|`, String.raw`\|`)],
  [pairBegin(String.raw`\|channel(?:>|\\u003e)thought\\n`), pairEnd('channel', '', String.raw`\|`)],
];

const usualOpen = new RegExp(
  String.raw`^${blanks}(?:${angle}((?:seed:|mm:)?think)${attributes}(?:>|\\u003e)|\[(think)\]|(?:\u00e2\u0097\u0081|\\u25c1)(think)${right})`,
  'iu',
);

/** The tags that models write by themselves. */
export const usualTags: ReasoningTags = {
  opened(text) {
    const [tag, ...names] = usualOpen.exec(text) ?? [];
    if (tag !== undefined) return { tag, end: closingTag([names.find((name) => name !== undefined) ?? '']) };
    for (const [open, end] of pairs) {
      const [found] = open.exec(text) ?? [];
      if (found !== undefined) return { tag: found, end };
    }
    return undefined;
  },
  openBegins: new RegExp(
    String.raw`^${blanks}(?:${angle}(?:${beginningOf('seed:think')}|${beginningOf('mm:think')}|${beginningOf('think')}|think${attributes}|${beginningOf('|START_THINKING|')}|${beginningOf('|channel')}|\|channel(?:>|\\u003e)${beginningOf('thought')})|\[${beginningOf('think')}|\u00e2(?:\u0097(?:\u0081${beginningOf('think')})?)?|\\u25c1${beginningOf('think')})$`,
    'iu',
  ),
};

const anyOpen = new RegExp(String.raw`^${blanks}${left}(${anyName})${right}`, 'iu');

/** Any tags: what stands between them tells whether it is reasoning. */
export const anyTags: ReasoningTags = {
  opened(text) {
    const [tag, name = ''] = anyOpen.exec(text) ?? [];
    return tag === undefined ? undefined : { tag, end: closingTag([name]) };
  },
  openBegins: new RegExp(String.raw`^${blanks}${left}[\w:.-]{0,32}\|?$`, 'iu'),
};

/** The end of reasoning whose beginning has no tag. */
export const usualEnd = closingTag(['think', 'thinking', 'seed:think', 'thought', 'reasoning']);

/** The tag that closes one of these names. */
function closingTag(names: readonly string[]): ClosingTag {
  const any = names.map(escaped).join('|');
  const begun = names.map(beginningOf).join('|');
  return {
    close: new RegExp(String.raw`${left}\\?\/(?:${any})${right}`, 'iu'),
    closeBegins: new RegExp(String.raw`${left}(?:\\?\/(?:(?:${begun})\|?)?)?$`, 'iu'),
  };
}

function pairBegin(marker: string): RegExp {
  return new RegExp(`^${blanks}${angle}${marker}`, 'u');
}

/** The marker of this name as an end, between these signs. */
function pairEnd(name: string, before: string, after: string): ClosingTag {
  const close = String.raw`${angle}${before}${name}${after}(?:>|\\u003e)`;
  return {
    close: new RegExp(close, 'u'),
    closeBegins: new RegExp(String.raw`${angle}(?:${before}(?:${beginningOf(name)}(?:${name}${after})?))?$`, 'u'),
  };
}

/** Matches any beginning of the name, the empty one too. */
function beginningOf(name: string): string {
  return Array.from(name).reduceRight((rest, character) => `(?:${escaped(character)}${rest})?`, '');
}

function escaped(text: string): string {
  return text.replace(/[.|]/gu, String.raw`\$&`);
}
