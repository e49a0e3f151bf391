import { brotliCompressSync, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { anthropicFrames, head, openAiChatFrames, say, write } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anthropicModel, chatModel, run, startServingRig } from '../test/serving-rig.ts';
import type { ServingRig } from '../test/serving-rig.ts';

let rig: ServingRig;
beforeAll(async () => {
  rig = await startServingRig();
});
afterAll(() => rig.close());

const turn = { content: [say('Half a loaf is better than none.')] };
const codings = [
  { coding: 'gzip', code: gzipSync },
  { coding: 'deflate', code: deflateRawSync },
  { coding: 'br', code: brotliCompressSync },
  { coding: 'zstd', code: zstdCompressSync },
  { coding: 'gzip, br', code: (bytes: Uint8Array) => brotliCompressSync(gzipSync(bytes)) },
];
const dialects = [
  { prefix: chatModel, frames: openAiChatFrames(turn, { model: chatModel.model, includeUsage: true }) },
  { prefix: anthropicModel, frames: anthropicFrames(turn, anthropicModel.model) },
];

describe.each(dialects)('an answer of $prefix.provider, compressed although nobody asked', ({ prefix, frames }) => {
  const coded = (status: number, type: string, coding: string, body: Uint8Array) => [
    head(status, { 'content-type': type, 'content-encoding': coding }),
    write(body),
  ];

  test.each(codings)('reaches the client as it was before $coding', async ({ coding, code }) => {
    rig.upstream.play(() => coded(200, 'text/event-stream', coding, code(Buffer.from(frames.join('')))));
    const { end, text, record } = await run(rig, { prefix, change: { stream: true } });
    expect([end, record.usageSource]).toEqual(['completed ok', 'reported']);
    expect(text).toMatch(/Half[^]*event: message_stop/u);
  });

  test.each(codings.filter(({ coding }) => coding === 'gzip' || coding === 'zstd'))(
    'reaches the client as it was before $coding that has no label',
    async ({ code }) => {
      const body = code(Buffer.from(frames.join('')));
      rig.upstream.play(() => [head(200, { 'content-type': 'text/event-stream' }), write(body)]);
      expect((await run(rig, { prefix, change: { stream: true } })).end).toBe('completed ok');
      expect((await run(rig, { prefix })).end).toBe('completed ok');
      const reason = code(Buffer.from('{"error":{"message":"The moon is full"}}'));
      rig.upstream.play(() => [head(400, { 'content-type': 'application/json' }), write(reason)]);
      const { record } = await run(rig, { prefix });
      expect(record.end).toMatchObject({ error: { status: 400, publicMessage: expect.stringContaining('moon') } });
    },
  );

  test.each(codings)('with an error status says why, in $coding', async ({ coding, code }) => {
    const reason = { error: { type: 'invalid_request_error', message: 'The moon is full' } };
    rig.upstream.play(() => coded(400, 'application/json', coding, code(Buffer.from(JSON.stringify(reason)))));
    const { record } = await run(rig, { prefix });
    expect(record.end).toMatchObject({ error: { status: 400, publicMessage: expect.stringContaining('moon') } });
  });

  test.each(codings)('is no success where $coding was cut', async ({ coding, code }) => {
    const body = code(Buffer.from(frames.slice(0, -3).join('')));
    rig.upstream.play(() => coded(200, 'text/event-stream', coding, body.subarray(0, -2)));
    expect((await run(rig, { prefix, change: { stream: true } })).end).toMatch(
      /^(?:unsent|broken) upstream_truncated$/u,
    );
  });

  test('in a coding that nobody knows is an error that says so, and an error status stays what it is', async () => {
    rig.upstream.play(() => coded(200, 'text/event-stream', 'rot13', Buffer.from('qngn: {}')));
    expect((await run(rig, { prefix, change: { stream: true } })).record.end).toMatchObject({
      kind: 'unsent',
      error: { status: 502, publicMessage: expect.stringContaining('content-encoding') },
    });
    rig.upstream.play(() => coded(429, 'application/json', 'rot13', Buffer.from('{}')));
    expect((await run(rig, { prefix })).end).toBe('unsent upstream_rate_limited');
  });
});
