import { isBlank, withoutLeadingBlanks } from '../../json-literal.ts';
import type { Encoder } from '../encoder.ts';
import { createTranscript } from './transcript.ts';
import type { Transcript } from './transcript.ts';

/** An encoder that tells reasoning once, whoever says it again. */
export interface ReasoningEncoder extends Encoder {
  /** Compares a text, piece by piece, with the reasoning so far. Undefined if no reasoning was told. */
  beginRepeat(this: void): Repeat | undefined;
}

/** Takes the next piece of a text: it repeats the reasoning, or goes on after its end, or differs. */
export type Repeat = (literal: string) => 'within' | 'beyond' | 'differs';

/**
 * Tells reasoning once that a server tells in several places: in two members, or in a member and between tags in the text.
 * What one place says is left out as long as it repeats what the others said.
 */
export function withoutRepeatedReasoning(encoder: Encoder): ReasoningEncoder {
  const said = createTranscript();
  const speakers = new Map<string, Speaker>();

  function speakerOf(origin: string): Speaker {
    const speaker = speakers.get(origin) ?? { reached: 0, ahead: '', leftOut: '' };
    speakers.set(origin, speaker);
    return speaker;
  }

  /** What is new of a piece of a speaker that may repeat what others said. */
  function newsOf(speaker: Speaker, literal: string): string {
    speaker.leftOut += literal;
    follow(said, speaker, literal);
    const isAtEnd = speaker.reached === said.length();
    // White space after the same text may be what stands before a closing tag.
    if (isBlank(speaker.ahead) && (isAtEnd || speaker.ahead === '')) return '';
    return isAtEnd ? speaker.ahead : speaker.leftOut;
  }

  return {
    ...encoder,
    thinking(literal, origin = '') {
      const speaker = speakerOf(origin);
      const isFirst = speaker.reached === said.length() && speaker.ahead === '';
      const news = isFirst ? literal : newsOf(speaker, literal);
      if (news === '') return;
      said.add(said.length() === 0 ? withoutLeadingBlanks(news) : news);
      speaker.reached = said.length();
      speaker.ahead = '';
      speaker.leftOut = '';
      encoder.thinking(news, origin);
    },
    beginRepeat() {
      if (said.length() === 0) return undefined;
      const speaker = { reached: 0, ahead: '' };
      return (literal) => {
        follow(said, speaker, literal);
        if (speaker.ahead === '') return 'within';
        if (speaker.reached < said.length()) return 'differs';
        return isBlank(speaker.ahead) ? 'within' : 'beyond';
      };
    },
  };
}

/** One place where the server tells reasoning. */
interface Speaker {
  /** How much of what was said it has said, too. */
  reached: number;
  /** What it said after that. */
  ahead: string;
  /** What was left out since it last said something new. */
  leftOut: string;
}

function follow(said: Transcript, speaker: Omit<Speaker, 'leftOut'>, literal: string): void {
  const heard = speaker.ahead + literal;
  const text = speaker.reached === 0 ? withoutLeadingBlanks(heard) : heard;
  const length = said.match(speaker.reached, text);
  speaker.ahead = text.slice(length);
  speaker.reached += length;
}
