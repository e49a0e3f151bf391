import type { EncoderState } from './encoder-state.ts';
import { isBlank } from './blank.ts';
import type { TextSegment, ThinkingSegment } from './segment.ts';
import { usageAtStart } from './usage-so-far.ts';

/**
 * Opens the block and writes what was held. White space alone opens no block: the Anthropic API refuses such a
 * block when it comes back as history.
 */
export function writeText(state: EncoderState, segment: TextSegment | ThinkingSegment): void {
  if (segment.opened || segment.held.every(isBlank)) return;
  segment.opened = true;
  state.writer.begin(usageAtStart(state));
  state.writer.openText(segment.kind);
  if (segment.kind === 'text') state.wroteText = true;
  state.writer.delta(segment.held.join(''));
  segment.held = [];
}

/** What is held to the end is white space. */
export function closeText(state: EncoderState, segment: TextSegment): void {
  if (segment.opened) state.writer.close();
}

/** Signs the block; reasoning that the backend keeps to itself becomes a block that shows nothing. */
export function closeThinking(state: EncoderState, segment: ThinkingSegment): void {
  const { opened, redacted, details, signature } = segment;
  if (opened) state.writer.closeThinking(signature ?? state.settings.sign(segment));
  else if (redacted || details.length > 0) {
    state.writer.begin(usageAtStart(state));
    state.writer.redacted(signature ?? state.settings.sign(segment));
  }
}
