import type { IncomingHttpHeaders } from 'node:http';
import type { BatchRecord } from '@ccg/batches';
import { GatewayError } from '@ccg/kernel';

const maxLength = 4096;
/** Betas of the endpoint itself say nothing about a message. */
const ofBatches = /^message-batches-/u;

/** The headers of a request to create a batch that its items are sent with. Throws GatewayError for one that is too long to be kept. */
export function itemHeaders(headers: IncomingHttpHeaders): NonNullable<BatchRecord['headers']> {
  const betas = textOf(headers, 'anthropic-beta')
    .split(',')
    .map((beta) => beta.trim())
    .filter((beta) => beta !== '' && !ofBatches.test(beta));
  const kept = [
    ['anthropic-version', textOf(headers, 'anthropic-version')],
    ['anthropic-beta', betas.join(',')],
  ] as const;
  return kept.filter(([, value]) => value !== '');
}

function textOf(headers: IncomingHttpHeaders, name: string): string {
  const text = String(headers[name] ?? '');
  if (text.length <= maxLength) return text;
  throw new GatewayError('request-invalid', `${name}: It is longer than ${maxLength} characters. Send less in it.`);
}
