import { jsonAt, textAt } from '../json.ts';

/** What a stream of an answer was, once it is over. */
export type StreamVerdict =
  | { readonly kind: 'whole'; readonly model: string; readonly outputTokens: number; readonly stopReason: string }
  /** The gateway says in the stream why it broke off. */
  | { readonly kind: 'failed'; readonly message: string }
  /** Not what Anthropic's API sends. */
  | { readonly kind: 'broken'; readonly message: string };

export interface StreamCheck {
  /** Takes the next event: its name and its data, decoded. */
  take(name: string, data: unknown): void;
  end(): StreamVerdict;
}

/**
 * Holds a stream to the grammar of Anthropic's API, as far as Claude Code relies on it: message_start, then blocks of content one
 * after the other, message_delta, message_stop; pings anywhere.
 */
export function createStreamCheck(): StreamCheck {
  let verdict: StreamVerdict | undefined;
  let phase: 'before' | 'content' | 'delta' | 'over' = 'before';
  let openBlock: number | undefined;
  let blocks = 0;
  let last = 'nothing';
  let model = '';
  let stopReason = '';
  let outputTokens = 0;

  const fits: Readonly<Record<string, (data: unknown) => boolean>> = {
    message_start(data) {
      model = textAt(data, 'message', 'model') ?? '';
      return phase === 'before' && model !== '';
    },
    content_block_start: (data) => phase === 'content' && openBlock === undefined && jsonAt(data, 'index') === blocks,
    content_block_delta: (data) => openBlock !== undefined && jsonAt(data, 'index') === openBlock,
    content_block_stop: (data) => openBlock !== undefined && jsonAt(data, 'index') === openBlock,
    message_delta(data) {
      stopReason = textAt(data, 'delta', 'stop_reason') ?? '';
      outputTokens = Number(jsonAt(data, 'usage', 'output_tokens'));
      return phase === 'content' && openBlock === undefined && stopReason !== '' && Number.isInteger(outputTokens);
    },
    message_stop: () => phase === 'delta',
  };

  function move(name: string): void {
    if (name === 'message_start') phase = 'content';
    if (name === 'content_block_start') openBlock = blocks;
    if (name === 'content_block_stop') {
      openBlock = undefined;
      blocks += 1;
    }
    if (name === 'message_delta') phase = 'delta';
    if (name === 'message_stop') phase = 'over';
    last = name;
  }

  return {
    take(name, data) {
      if (verdict !== undefined || name === 'ping') return;
      if (name === 'error') {
        verdict = { kind: 'failed', message: textAt(data, 'error', 'message') ?? 'The stream ended with an error.' };
      } else if (fits[name]?.(data) === true) move(name);
      // Clients pass over events that they do not know.
      else if (name in fits) verdict = { kind: 'broken', message: `The event ${name} after ${last} is not in order.` };
    },
    end() {
      if (verdict !== undefined) return verdict;
      if (phase === 'over') return { kind: 'whole', model, outputTokens, stopReason };
      return { kind: 'broken', message: `The stream ended after ${last}, without message_stop.` };
    },
  };
}
