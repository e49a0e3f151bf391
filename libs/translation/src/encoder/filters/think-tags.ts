import type { ThinkTags } from '@ccg/catalog';
import { isBlank } from '../../json-literal.ts';
import type { Encoder } from '../encoder.ts';

const openTag = /^(?:[ \t]|\\[nrt])*(?:<|\\u003[cC])think(?:>|\\u003[eE])/u;
const closeTag = /(?:<|(?<!\\)\\u003[cC])\\?\/think(?:>|\\u003[eE])/u;
/** The beginning of a closing tag at the end of a text; escapes are never cut by a chunk. */
const closeTagBegins = /(?:<|(?<!\\)\\u003[cC])(?:\\?\/(?:t(?:h(?:i(?:n(?:k)?)?)?)?)?)?$/u;
/** As long as the longest form of the opening tag; white space before it comes on top. */
const openTagLength = '\\u003cthink\\u003e'.length;

/**
 * Moves reasoning between `<think>` and `</think>` out of the text. Only a tag that begins the answer counts, so that
 * an answer that speaks of the tag stays whole. Servers that take the reasoning out themselves send it in a member of
 * its own, and then nothing is looked for.
 */
export function withThinkTags(encoder: Encoder, tags: ThinkTags): Encoder {
  if (tags === 'none') return encoder;
  const splitter = createSplitter(encoder, tags);
  return {
    ...encoder,
    text: splitter.text,
    thinking(literal, origin) {
      if (literal !== '') splitter.giveUp();
      encoder.thinking(literal, origin);
    },
    toolCall(fragment) {
      splitter.release();
      encoder.toolCall(fragment);
    },
    finish(finish) {
      splitter.release();
      encoder.finish(finish);
    },
    marker() {
      splitter.release();
      encoder.marker();
    },
    end() {
      splitter.release();
      encoder.end();
    },
  };
}

interface Splitter {
  text(this: void, literal: string): void;
  /** The held text is what it looks like; the search goes on. */
  release(): void;
  /** The held text and all that follows is text. */
  giveUp(): void;
}

function createSplitter(encoder: Encoder, tags: ThinkTags): Splitter {
  let phase: 'start' | 'unopened' | 'inside' | 'after' | 'over' = 'start';
  let held = '';

  function findOpen(): void {
    const opened = openTag.exec(held);
    if (opened !== null) {
      held = held.slice(opened[0].length);
      phase = 'inside';
    } else if (!isBlank(held) && !mayOpen(held)) {
      if (tags === 'unopened') phase = 'unopened';
      else giveUp();
    }
  }

  function findClose(): void {
    const closed = closeTag.exec(held);
    if (closed === null && phase === 'unopened') return;
    const end = (closed ?? closeTagBegins.exec(held))?.index ?? held.length;
    encoder.thinking(held.slice(0, end), 'content');
    held = held.slice(end + (closed?.[0].length ?? 0));
    if (closed !== null) phase = 'after';
  }

  function giveUp(): void {
    phase = 'over';
    encoder.text(held);
    held = '';
  }

  return {
    text(literal) {
      if (phase === 'over') {
        encoder.text(literal);
        return;
      }
      held += literal;
      if (phase === 'start') findOpen();
      if (phase === 'inside' || phase === 'unopened') findClose();
      // Empty lines between the tag and the answer belong to neither.
      if (phase !== 'after') return;
      held = withoutLeadingBlanks(held);
      if (held !== '') giveUp();
    },
    release() {
      if (phase === 'inside') encoder.thinking(held, 'content');
      else giveUp();
      held = '';
    },
    giveUp,
  };
}

/** Whether more text could still make this an opening tag. */
function mayOpen(literal: string): boolean {
  const text = withoutLeadingBlanks(literal);
  if (text.length >= openTagLength) return false;
  return '<think>'.startsWith(text.replace(/^\\u003[cC]/u, '<'));
}

function withoutLeadingBlanks(literal: string): string {
  return literal.replace(/^(?:[ \t]|\\[nrt])+/u, '');
}
