import { readMessagesRequest } from '@ccg/wire';
import { expect, test } from 'vitest';
import { findUrlSources, withFiles } from './url-sources.ts';

const url = { type: 'url', url: 'https://a.test/\u00e9"' };
const image = { type: 'image', source: url };
const base64 = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } };
const history = [
  { role: 'user', content: 'a "url" in a text' },
  { role: 'user', content: [{ type: 'text', text: '"url"' }, base64, image] },
  {
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: 't', content: [base64, { type: 'document', source: url }] }],
  },
];

function requestOf(messages: unknown) {
  return readMessagesRequest(Buffer.from(JSON.stringify({ model: 'm', max_tokens: 5, messages })));
}

test('images and documents by URL are found with their paths, in results too', () => {
  const found = findUrlSources(requestOf(history)).map(({ what, path, url: address }) => [what, path, address]);
  expect(found).toEqual([
    ['image', 'messages.1.content.2.source', url.url],
    ['document', 'messages.2.content.0.content.1.source', url.url],
  ]);
});

test('files take the place of their URLs, and all else stays', () => {
  const request = requestOf(history);
  const file = { mediaType: 'image/gif', bytes: Buffer.from('GIF89a') };
  const made = withFiles(
    request,
    findUrlSources(request).map((source) => [source, file] as const),
  );
  const source = { type: 'base64', media_type: 'image/gif', data: Buffer.from('GIF89a').toString('base64') };
  const text = Buffer.from(made.body()).toString().replaceAll(JSON.stringify(source), JSON.stringify(url));
  expect(JSON.parse(text)).toEqual({ model: 'm', max_tokens: 5, messages: history });
  expect(text.length).toBeLessThan(made.body().length);
  made.release();
  expect(() => request.body()).toThrow('released');
});

test.each([
  ['no list', { url: 1 }],
  ['no blocks', [{ role: 'user', content: { url: 1 } }, { url: [] }, 'url', null]],
  [
    'no source',
    [
      {
        role: 'user',
        content: [
          { type: 'image', url: 'https://a.test' },
          { type: 'image', source: 'url' },
        ],
      },
    ],
  ],
  ['no text', [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 5 } }] }]],
])('in messages with %s nothing is found', (_what, messages) => {
  expect(findUrlSources(requestOf(messages))).toEqual([]);
});

test('what is no JSON is left for others to refuse', () => {
  const body = '{"model":"m","messages":[{"content":[{"type":"image","source":{"type":"url","url":"x"}},]}]}';
  expect(findUrlSources(readMessagesRequest(Buffer.from(body)))).toEqual([]);
});
