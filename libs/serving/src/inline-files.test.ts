import { catalogFromEnv, createTargets } from '@ccg/catalog';
import type { Target } from '@ccg/catalog';
import { FileFetchError } from '@ccg/upstream';
import type { FileFetcher } from '@ccg/upstream';
import { readMessagesRequest } from '@ccg/wire';
import { describe, expect, test } from 'vitest';
import { createInlineFiles } from './inline-files.ts';

const { signal } = new AbortController();
const gif = { mediaType: 'image/gif', bytes: Buffer.from('GIF89a') };
const pdf = { mediaType: 'application/pdf', bytes: Buffer.from('%PDF-') };

describe('without a fetcher', () => {
  const inlineFiles = createInlineFiles(undefined);

  test('an image by URL is refused where bytes are needed: the block, the variable and what to do are named', () => {
    expect(() => inlineFiles(requestOf(image('https://a.test/1')), ollama(), signal)).toThrow(
      /^request-invalid: messages\.0\.content\.0\.source: the provider "ollama" takes images as base64 alone.*FETCH_IMAGE_URLS=true\.$/u,
    );
  });

  test.each([
    ['where the provider fetches images itself', 'openai:gpt-4.1'],
    ["at Anthropic's own servers", 'anthropic:claude-opus-5-5'],
    ['of a model that sees none, which gets a note', 'nvidia:qwen/qwen3-coder'],
  ])('it passes %s', (_where, key) => {
    const request = requestOf(image('https://a.test/1'), document('https://a.test/2'));
    expect(inlineFiles(request, target(key), signal)).toBe(request);
  });
});

describe('with a fetcher', () => {
  test('each URL is fetched once, and each block gets its file', async () => {
    const fetched: string[] = [];
    const inlineFiles = createInlineFiles(fetcher((url) => (fetched.push(url), gif)));
    const request = requestOf(image('https://a.test/1'), image('https://a.test/2'), image('https://a.test/1'));
    const made = await inlineFiles(request, ollama(), signal);
    expect(fetched).toEqual(['https://a.test/1', 'https://a.test/2']);
    expect(Buffer.from(made.body()).toString().split(gif.bytes.toString('base64')).length - 1).toBe(3);
  });

  test('a document is fetched for a model that reads files, and an image is left to its server', async () => {
    const inlineFiles = createInlineFiles(fetcher((url) => (url.endsWith('2') ? pdf : gif)));
    const made = await inlineFiles(
      requestOf(image('https://a.test/1'), document('https://a.test/2')),
      target('openai:gpt-4.1'),
      signal,
    );
    const text = Buffer.from(made.body()).toString();
    expect(text).toContain('"url":"https://a.test/1"');
    expect(text).toContain('"media_type":"application/pdf"');
  });

  test.each([
    [
      'more than 20',
      Array.from({ length: 21 }, (_, n) => image(`https://a.test/${n}`)),
      /content\.20\.source: at most 20 /u,
    ],
    [
      'more than 20 MB together',
      Array.from({ length: 5 }, () => image('https://a.test/large')),
      /content\.4\.source: the files of a request have 20 MB together at most/u,
    ],
    [
      'a document for an image',
      [image('https://a.test/pdf')],
      /content\.0\.source: the file at the URL is neither PNG/u,
    ],
    [
      'one that is not there',
      [image('https://a.test/1'), image('https://a.test/404')],
      /content\.1\.source: .* HTTP 404/u,
    ],
  ])('%s is refused, and the block is named', async (_what, blocks, message) => {
    const inlineFiles = createInlineFiles(
      fetcher((url) => {
        if (url.endsWith('404')) throw new FileFetchError({ kind: 'status', status: 404 });
        if (url.endsWith('pdf')) return pdf;
        return url.endsWith('large') ? { ...gif, bytes: Buffer.alloc(5 * 1024 * 1024) } : gif;
      }),
    );
    const inlining = async () => inlineFiles(requestOf(...blocks), ollama(), signal);
    await expect(inlining()).rejects.toThrow(message);
    await expect(inlining()).rejects.toMatchObject({ code: 'request-invalid' });
  });

  test('the first failure ends the other fetches', async () => {
    const ended: unknown[] = [];
    const inlineFiles = createInlineFiles({
      fetch: (url, until) =>
        url.endsWith('404')
          ? Promise.reject(new FileFetchError({ kind: 'timeout' }))
          : new Promise((_resolve, reject) => {
              until.addEventListener('abort', () => {
                ended.push(url);
                reject(new Error('ended'));
              });
            }),
      close: () => Promise.resolve(),
    });
    const blocks = [image('https://a.test/slow'), image('https://a.test/404')];
    const inlining = async () => inlineFiles(requestOf(...blocks), ollama(), signal);
    await expect(inlining()).rejects.toThrow(/content\.1\.source: the file did not come within 5 s/u);
    expect(ended).toEqual(['https://a.test/slow']);
  });
});

function image(url: string) {
  return { type: 'image', source: { type: 'url', url } };
}

function document(url: string) {
  return { type: 'document', source: { type: 'url', url } };
}

function requestOf(...content: readonly object[]) {
  return readMessagesRequest(
    Buffer.from(JSON.stringify({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content }] })),
  );
}

function fetcher(answer: (url: string) => { readonly mediaType: string; readonly bytes: Uint8Array }): FileFetcher {
  return {
    async fetch(url) {
      return Promise.resolve(answer(url));
    },
    close: () => Promise.resolve(),
  };
}

function ollama(): Target {
  return target('ollama:gemma3');
}

function target(key: string): Target {
  const made = catalogFromEnv({
    OPENAI_API_KEY: 'sk-x',
    ANTHROPIC_API_KEY: 'sk-ant-x',
    NVIDIA_API_KEY: 'nvapi-x',
    OLLAMA_API_BASE: 'http://127.0.0.1:9',
    PREFERRED_PROVIDER: 'openai',
  });
  if (made.kind === 'faulty') throw new Error(made.problems.join('\n'));
  const [name = '', model = ''] = key.split(/:(.*)/su);
  const provider = made.catalog.providers.get(name);
  if (provider === undefined) throw new Error(`The catalog of the tests has no ${name}.`);
  return createTargets(made.catalog).of({ provider, model });
}
