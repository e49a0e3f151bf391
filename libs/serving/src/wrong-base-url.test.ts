import { head, write } from '@ccg/testkit';
import type { Script } from '@ccg/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anthropicModel, ask, chatModel, startServingRig } from '../test/serving-rig.ts';
import type { ServingRig } from '../test/serving-rig.ts';

let rig: ServingRig;
beforeAll(async () => {
  rig = await startServingRig();
});
afterAll(() => rig.close());

const page: Script = [head(200, { 'content-type': 'text/html' }), write('<html>Sign in</html>')];
const text: Script = [head(200, { 'content-type': 'text/plain; charset=utf-8' }), write('Ollama is running')];
const empty: Script = [head(200, { 'content-length': '0' })];
const redirect: Script = [head(302, { location: 'https://login.internal.example/' })];
const unknownPath: Script = [head(404, { 'content-type': 'application/json' }), write('{"detail":"Not Found"}')];

const cases = [chatModel, anthropicModel].flatMap((prefix) =>
  [true, false].flatMap((stream) => [
    { prefix, stream, found: 'a web page', script: page, says: 'is a web page there, not an API' },
    { prefix, stream, found: 'a text', script: text, says: 'answers with plain text there, not as an API' },
    { prefix, stream, found: 'nothing', script: empty, says: 'answers with an empty body there' },
    { prefix, stream, found: 'a redirect', script: redirect, says: 'redirects to another address there (HTTP 302)' },
    { prefix, stream, found: 'no such path', script: unknownPath, says: 'there (HTTP 404)' },
  ]),
);

test.each(cases)(
  '$found at the base URL of $prefix.provider is an error that says so, stream: $stream',
  async ({ prefix, stream, script, says }) => {
    rig.upstream.reset();
    rig.upstream.answer(script);
    const { sink, record } = ask(rig, { prefix, change: { stream } });
    expect((await record).end).toMatchObject({
      kind: 'unsent',
      error: {
        status: 502,
        retry: 'never',
        publicMessage: expect.stringContaining(`The base URL of the provider "${prefix.provider}" looks wrong: `),
      },
    });
    expect((await record).end).toMatchObject({ error: { publicMessage: expect.stringContaining(says) } });
    expect(sink.committed).toBe(false);
    expect(rig.upstream.requests).toHaveLength(1);
  },
);

test.each([chatModel, anthropicModel])(
  'a stream of $provider that breaks off before its first event is truncated, whatever its base URL',
  async (prefix) => {
    rig.upstream.answer([head(200, { 'content-type': 'text/event-stream' })]);
    expect((await ask(rig, { prefix, change: { stream: true } }).record).outcome).toBe('upstream_truncated');
  },
);

test("Anthropic's own 404 is passed on as it is", async () => {
  const body = { type: 'error', error: { type: 'not_found_error', message: 'Not found' } };
  rig.upstream.answer([head(404, { 'content-type': 'application/json' }), write(JSON.stringify(body))]);
  expect((await ask(rig, { prefix: anthropicModel }).record).end).toMatchObject({
    error: { status: 404, publicMessage: 'Not found' },
  });
});
