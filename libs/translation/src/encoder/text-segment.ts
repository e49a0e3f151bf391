import type { EncoderState } from './encoder-state.ts';
import { isBlank } from './blank.ts';
import type { TextSegment } from './segment.ts';

/**
 * Opens the block and writes what was held. White space alone opens no block: the Anthropic API refuses such a
 * block when it comes back as history.
 */
export function writeText(state: EncoderState, segment: TextSegment): void {
  if (segment.opened || segment.held.every(isBlank)) return;
  segment.opened = true;
  state.writer.begin(state.usage);
  state.writer.openText(segment.kind);
  if (segment.kind === 'text') state.wroteText = true;
  state.writer.delta(segment.held.join(''));
  segment.held = [];
}

/** What is held to the end is white space. */
export function closeText(state: EncoderState, segment: TextSegment): void {
  if (segment.opened) state.writer.close();
}
