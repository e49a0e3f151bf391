import { addRun, classAt, classes, isLowSurrogate, isSpacing, noRuns } from './text-class.ts';
import { noTokens } from './token-count.ts';
import type { TokenCount } from './token-count.ts';
import type { CountTokens } from './tokenizer.ts';

/** From this length on a stretch without a break is cut; a multiple of the three digits of a token. @internal */
export const runMaxLength = 126;

type Script = 'words' | 'foreign' | 'wide';

/**
 * Counts a text by kind. The tokenizer merges within a word in time that grows with the square of its length, and
 * punctuation and white space make words too. So what has no break for long is cut, into pieces below twice
 * `runMaxLength`; a cut costs at most one token too many.
 */
export function countText(text: string, countTokens: CountTokens): TokenCount {
  const runs = noRuns();
  const tokens = { words: 0, foreign: 0, wide: 0 };
  let script: Script = 'words';
  let pieceStart = 0;
  const endPiece = (at: number) => {
    if (at > pieceStart) tokens[script] += countTokens(text.slice(pieceStart, at));
    pieceStart = at;
  };

  let stretchStart = 0;
  let runStart = 0;
  let runClass = classAt(text, 0);
  for (let at = 1; at <= text.length; at += 1) {
    const next = classAt(text, at);
    // One foreign letter makes its whole word foreign.
    if (runClass === classes.letter && next === classes.foreign) runClass = classes.foreign;
    const goesOn = next === runClass || (runClass === classes.foreign && next === classes.letter);
    const isLong = at - runStart >= runMaxLength && !isLowSurrogate(text.charCodeAt(at));
    if (goesOn && !isLong) continue;
    addRun(runs, runClass, at - runStart);
    const runScript = scriptOf(runClass, script);
    if (runScript !== script) {
      // The space before a word is part of its first token.
      endPiece(runStart - 1 > pieceStart && text.charCodeAt(runStart - 1) === 0x20 ? runStart - 1 : runStart);
      script = runScript;
    }
    const stretch = at - (script === 'words' ? stretchStart : pieceStart);
    if (stretch >= runMaxLength) endPiece(at);
    if (stretch >= runMaxLength || isSpacing(next) !== isSpacing(runClass)) stretchStart = at;
    runStart = at;
    runClass = next;
  }
  endPiece(text.length);
  return { ...noTokens, ...runs, ...tokens };
}

/** White space belongs to what it stands in. */
function scriptOf(runClass: number, current: Script): Script {
  if (runClass === classes.foreign) return 'foreign';
  if (runClass === classes.wide || runClass === classes.syllable) return 'wide';
  return runClass === classes.space ? current : 'words';
}
