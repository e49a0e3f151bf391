import { isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import type { Encoder } from '../../encoder/encoder.ts';
import type { ToolFragment } from '../../encoder/tool-calls.ts';
import { asObject, asText } from '../../json-fields.ts';
import { inputLiteral, nonEmptyLiteral, textLiteral } from '../../json-literal.ts';
import { signatureRecord } from '../thought-state.ts';
import type { ThoughtSignature } from '../thought-state.ts';

/** Reads the parts of one answer, in order. */
export interface PartReader {
  read(part: JsonObject): void;
  /** Takes a part that is this text and nothing else. */
  say(kind: 'text' | 'thought', literal: string): void;
  /** Whether any of them was text. */
  hasText(): boolean;
}

/**
 * Hands parts to the encoder, with the signatures that the server wants back with them. The signature of a text waits for a
 * call or a thought: behind the last text it would be the last block of the answer, and Claude Code shows nothing of an answer
 * whose last block is no text. The server wants back that of calls alone.
 */
export function createPartReader(encoder: Encoder): PartReader {
  let hasText = false;
  let waiting: ThoughtSignature | undefined;
  const tell = (signed: ThoughtSignature | undefined) => {
    if (signed !== undefined) encoder.reasoningDetails([signatureRecord(signed)]);
  };
  const tellWaiting = () => {
    tell(waiting);
    waiting = undefined;
  };
  const say = (kind: 'text' | 'thought', literal: string) => {
    if (kind === 'thought') {
      tellWaiting();
      encoder.thinking(literal);
    } else {
      encoder.text(literal);
      hasText ||= literal !== '';
    }
  };
  return {
    hasText: () => hasText,
    say,
    read(part) {
      const signature = nonEmptyText(part['thoughtSignature']);
      const call = asObject(part['functionCall']);
      const { text, thought } = part;
      if (call !== undefined || thought === true) tellWaiting();
      if (call !== undefined) encoder.toolCall(readCall(call, signature));
      else if (thought === true) {
        if (isText(text)) say('thought', textLiteral(text));
        tell(signature === undefined ? undefined : { part: 'thought', signature });
      } else {
        if (isText(text)) say('text', textLiteral(text));
        if (signature !== undefined) waiting = { part: 'text', signature };
      }
      readOther(part, encoder);
    },
  };
}

/** A call is never in pieces, so that a missing id joins no two of them. */
function readCall(call: JsonObject, signature: string | undefined): ToolFragment {
  return {
    index: undefined,
    id: nonEmptyLiteral(call['id']),
    name: nonEmptyLiteral(call['name']),
    input: inputLiteral(call['args']),
    whole: true,
    members: signature === undefined ? undefined : { thoughtSignature: signature },
  };
}

function nonEmptyText(value: JsonValue | undefined): string | undefined {
  const text = asText(value) ?? '';
  return text === '' ? undefined : text;
}

/** What a client has no block for is told as text: code that the server ran, and files. */
function readOther(part: JsonObject, encoder: Encoder): void {
  const code = asObject(part['executableCode']);
  const result = asObject(part['codeExecutionResult']);
  const file = asObject(part['inlineData']) ?? asObject(part['fileData']);
  if (isText(code?.['code'])) encoder.text(fenced(textLiteral(code['code'])));
  if (isText(result?.['output'])) encoder.text(fenced(textLiteral(result['output'])));
  if (file !== undefined) {
    const type = asText(file['mimeType']) ?? 'file';
    encoder.text(textLiteral(`[${type} left out: this client takes text alone]`));
  }
}

function fenced(literal: string): string {
  return `\\n\`\`\`\\n${literal}\\n\`\`\`\\n`;
}
