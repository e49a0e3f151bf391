import { mendSurrogates } from '@ccg/wire';
import type { BlockWriter } from './block-writer.ts';
import type { WebPage } from './block-writer.ts';

/**
 * A writer whose blocks hold whole characters: halves of a surrogate pair that come in two deltas are written together,
 * and a half that stays alone becomes U+FFFD. A client keeps what it gets, and strict servers refuse halves in every
 * later request.
 */
export function withWholeCharacters(writer: BlockWriter): BlockWriter {
  let joiner = createJoiner(textEscapes);

  function flush(): void {
    const rest = joiner.rest();
    if (rest !== '') writer.delta(rest);
  }

  return {
    ...writer,
    openText(kind) {
      joiner = createJoiner(textEscapes);
      writer.openText(kind);
    },
    openTool({ id, name }) {
      joiner = createJoiner(argumentEscapes);
      writer.openTool({ id, name: mendSurrogates(name) });
    },
    delta(literal) {
      writer.delta(joiner.next(literal));
    },
    close() {
      flush();
      writer.close();
    },
    closeThinking(signature) {
      flush();
      writer.closeThinking(signature);
    },
    search({ id, query, pages }) {
      const mended = (page: WebPage) => ({ url: mendSurrogates(page.url), title: mendSurrogates(page.title) });
      const found = pages === 'unavailable' ? pages : pages.map(mended);
      writer.search({ id, query: mendSurrogates(query), pages: found });
    },
    closeCut() {
      flush();
      writer.closeCut();
    },
    end(end) {
      const { stopSequence } = end;
      writer.end(stopSequence === undefined ? end : { ...end, stopSequence: mendSurrogates(stopSequence) });
    },
  };
}

const hex = '[0-9a-fA-F]';
const high = `[dD][89abAB]${hex}{2}`;
const low = `[dD][c-fC-F]${hex}{2}`;
const half = `[dD][89a-fA-F]${hex}{2}`;
/** A backslash of the JSON text of arguments, within a string literal. */
const backslash = String.raw`(?:\\\\|\\u005[cC])`;

/**
 * Groups: `tail` is the beginning of what the next delta may complete, `lead` is what precedes a half that stands
 * alone. All other escapes are taken whole, so that no match begins within one.
 */
const textEscapes = new RegExp(String.raw`(?<tail>\\u${high}$)|\\u${high}\\u${low}|(?<lead>\\)u${half}|\\[^]`, 'gu');

/** In arguments, halves also occur as escapes of the JSON text that the literal holds, cut at any place. */
const argumentEscapes = new RegExp(
  [
    `(?<tail>(?:${backslash}u${high}(?:${backslash}${cut('[c-fC-F]')})?|${backslash}${cut('[89a-fA-F]')}|\\\\u${high})$)`,
    `${backslash}u${high}${backslash}u${low}`,
    `\\\\u${high}\\\\u${low}`,
    `(?<lead>${backslash}|\\\\)u${half}`,
    String.raw`${backslash}(?:\\[^]|[^\\])`,
    String.raw`\\[^]`,
  ].join('|'),
  'gu',
);

/** The letters of an escape of a half after its backslash, cut anywhere before the last. */
function cut(second: string): string {
  return `(?:u(?:[dD](?:${second}${hex}?)?)?)?`;
}

interface Joiner {
  /** What can be written of the held rest and the next literal. */
  next(literal: string): string;
  /** What was held for a next literal that did not come. */
  rest(): string;
}

function createJoiner(escapes: RegExp): Joiner {
  let held = '';

  function mend(literal: string): string {
    return literal.replace(escapes, (escape: string, ...found: unknown[]) => {
      const { tail, lead } = Object(found.at(-1));
      if (typeof tail === 'string') held = tail;
      if (typeof tail === 'string') return '';
      return typeof lead === 'string' ? `${lead}ufffd` : escape;
    });
  }

  return {
    next(literal) {
      // The common case: nothing is held, and there is nothing to hold or to mend.
      if (held === '' && !literal.includes('\\u') && !literal.endsWith('\\\\')) return literal;
      const whole = held + literal;
      held = '';
      return mend(whole);
    },
    rest() {
      // A white space after it makes a half one that stands alone.
      const rest = held === '' ? '' : mend(`${held} `).slice(0, -1);
      held = '';
      return rest;
    },
  };
}
