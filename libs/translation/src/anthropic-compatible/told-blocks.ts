import { isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import type { SnapshotEncoder } from '../encoder/filters/with-snapshots.ts';
import { beyond, createTranscript } from '../encoder/filters/transcript.ts';
import type { Transcript } from '../encoder/filters/transcript.ts';
import { contradictionError } from '../encoder/stream-errors.ts';
import { asText } from '../json-fields.ts';
import { textLiteral } from '../json-literal.ts';

/** What was told of the blocks of a stream, for servers that tell a block once more when it stops. */
export interface ToldBlocks {
  begin(this: void, index: number | undefined, block: JsonObject): void;
  delta(this: void, index: number | undefined, delta: JsonObject): void;
  /** Adds what the block as a whole has beyond what was told; `input` is that of a call. */
  stop(this: void, index: number | undefined, block: JsonObject, input: string | undefined): void;
}

interface Block {
  readonly name: string;
  readonly all: Transcript;
  readonly deltas: Transcript;
  latest: string;
  isSigned: boolean;
}

/** `provider` is named in errors. */
export function createToldBlocks(encoder: SnapshotEncoder, provider: string): ToldBlocks {
  const blocks = new Map<number | undefined, Block>();

  function complete(block: Block, whole: string, say: (rest: string) => void): void {
    if (whole === '') return;
    const latest = createTranscript();
    latest.add(block.latest);
    // The deltas may begin with the start once more, or each be all so far.
    const rest = beyond(block.all, whole) ?? beyond(block.deltas, whole) ?? beyond(latest, whole);
    if (rest === undefined) encoder.fail(contradictionError(provider));
    else if (rest !== '') say(rest);
  }

  return {
    begin(index, { name, text, thinking, signature }) {
      const start = literalOf(text ?? thinking);
      const all = createTranscript();
      all.add(start);
      const isSigned = literalOf(signature) !== '';
      blocks.set(index, { name: literalOf(name), all, deltas: createTranscript(), latest: start, isSigned });
    },
    delta(index, { text, thinking, signature }) {
      const block = blocks.get(index);
      if (block === undefined) return;
      const piece = literalOf(text ?? thinking);
      block.isSigned ||= literalOf(signature) !== '';
      if (piece === '') return;
      block.latest = piece;
      block.all.add(piece);
      block.deltas.add(piece);
    },
    stop(index, whole, input) {
      const block = blocks.get(index);
      blocks.delete(index);
      if (block === undefined) return;
      const { text, thinking, signature, name } = whole;
      switch (asText(whole['type'])) {
        case 'text':
          complete(block, literalOf(text), encoder.text);
          return;
        case 'thinking':
          complete(block, literalOf(thinking), encoder.thinking);
          if (!block.isSigned && literalOf(signature) !== '') encoder.signature(literalOf(signature));
          return;
        case 'tool_use': {
          const said = literalOf(name);
          if (said !== '' && block.name !== '' && said !== block.name) encoder.fail(contradictionError(provider));
          if (input !== undefined) {
            encoder.toolCall({ index, id: undefined, name: undefined, input, whole: false });
          }
          return;
        }
        case undefined:
        default:
      }
    },
  };
}

function literalOf(value: JsonValue | undefined): string {
  return isText(value) ? textLiteral(value) : '';
}
