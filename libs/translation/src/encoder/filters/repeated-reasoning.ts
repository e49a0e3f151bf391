import { isBlank, withoutLeadingBlanks } from '../../json-literal.ts';
import type { Encoder } from '../encoder.ts';
import { createTranscript } from './transcript.ts';
import type { Place, Transcript } from './transcript.ts';

/** An encoder that tells reasoning once, whoever says it again. */
export interface ReasoningEncoder extends Encoder {
  /**
   * Compares a text, piece by piece, with the reasoning so far: whether it repeats it, or goes on after its end. Undefined
   * if no reasoning was told.
   */
  beginRepeat(this: void): ((literal: string) => boolean) | undefined;
}

/**
 * Tells reasoning once that a server tells in several places: in two members, or in a member and between tags in the text.
 * What one place says is left out as long as it repeats what the others said.
 */
export function withoutRepeatedReasoning(encoder: Encoder): ReasoningEncoder {
  const said = createTranscript();
  const speakers = new Map<string, Speaker>();

  function speakerOf(origin: string): Speaker {
    const speaker = speakers.get(origin) ?? { reached: said.start(), ahead: '', leftOut: '' };
    speakers.set(origin, speaker);
    return speaker;
  }

  return {
    ...encoder,
    thinking(literal, origin = '') {
      const speaker = speakerOf(origin);
      let news = literal;
      if (speaker.ahead !== '' || !said.isEnd(speaker.reached)) {
        speaker.leftOut += literal;
        follow(said, speaker, literal);
        const isAtEnd = said.isEnd(speaker.reached);
        // White space after the same text may be what stands before a closing tag.
        if (isBlank(speaker.ahead) && (isAtEnd || speaker.ahead === '')) return;
        news = isAtEnd ? speaker.ahead : speaker.leftOut;
      }
      said.add(said.isEmpty() ? withoutLeadingBlanks(news) : news);
      speaker.reached = said.end();
      speaker.ahead = '';
      speaker.leftOut = '';
      encoder.thinking(news, origin);
    },
    beginRepeat() {
      if (said.isEmpty()) return undefined;
      const speaker = { reached: said.start(), ahead: '' };
      return (literal) => {
        follow(said, speaker, literal);
        return speaker.ahead === '' || said.isEnd(speaker.reached);
      };
    },
  };
}

/** One place where the server tells reasoning. */
interface Speaker {
  /** Up to where it has said what was said. */
  reached: Place;
  /** What it said after that. */
  ahead: string;
  /** What was left out since it last said something new. */
  leftOut: string;
}

function follow(said: Transcript, speaker: Omit<Speaker, 'leftOut'>, literal: string): void {
  const { piece, offset } = speaker.reached;
  const heard = speaker.ahead + literal;
  const text = piece + offset === 0 ? withoutLeadingBlanks(heard) : heard;
  const { length, place } = said.match(speaker.reached, text);
  speaker.ahead = text.slice(length);
  speaker.reached = place;
}
