import { expect, test } from 'vitest';
import { unknownSize } from '../failure/tell-failure.ts';
import { createUsageTap } from './tap-usage.ts';

const blockStart =
  'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n';
const ping = 'event: ping\ndata: {"type":"ping"}\n\n';
const delta =
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"twelve bytes"}}\n\n';
const blockStop = 'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n';

function passedTokensOf(chunks: readonly string[]): number {
  const tap = createUsageTap({ provider: 'acme', model: 'm', at: unknownSize });
  for (const chunk of chunks) tap.inspect(chunk);
  return tap.passedTokens();
}

test.each(['\n', '\r\n', '\r'])(
  'estimates the same output however the frames are chunked, with lines that end in %j',
  (newline) => {
    const frames = [ping, delta, ping, delta, blockStop].map((frame) => frame.replaceAll('\n', newline));
    const start = blockStart.replaceAll('\n', newline);
    expect(passedTokensOf([start, ...frames])).toBe(6);
    expect(passedTokensOf([start, frames.join('')])).toBe(6);
    expect(passedTokensOf([start + frames.join('')])).toBe(6);
  },
);
