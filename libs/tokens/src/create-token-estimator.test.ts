import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { estimatorFor, reportedPrompts, promptOf } from '../test/prompts.ts';
import { sliceBytes } from './count-slices.ts';
import { bytesPerTurn } from './create-token-estimator.ts';
import type { TokenEstimator } from './create-token-estimator.ts';
import type { TokenCount } from './token-count.ts';

const user = (content: unknown): unknown => ({ role: 'user', content });
const prompt = (...messages: readonly unknown[]): object => ({ model: 'm', messages });
const total = ({ words, foreign, wide, thinking, fixed }: TokenCount): number =>
  words + foreign + wide + thinking + fixed;
const countOf = async (body: unknown, estimator: TokenEstimator = estimatorFor()): Promise<TokenCount> =>
  estimator.count(promptOf(body));

const text = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.constantFrom('same words', 'same words '.repeat(20), '漢字'.repeat(40)),
);
const block = fc.oneof(
  text.map((value) => ({ type: 'text', text: value })),
  text.map((value) => ({ type: 'thinking', thinking: value, signature: 's' })),
  text.map((value) => ({ type: 'tool_use', id: 't', name: 'Read', input: { path: value } })),
  text.map((value) => ({ type: 'tool_result', tool_use_id: 't', content: value })),
  text.map((value) => ({ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: value }] })),
  text.map((value) => ({
    type: 'search_result',
    title: value,
    source: value,
    content: [{ type: 'text', text: value }],
  })),
  text.map((value) => ({ type: 'of_tomorrow', what: value })),
);
const message = fc.oneof(text, fc.array(block, { maxLength: 4 })).map(user);
const body = fc
  .record({ system: text, messages: fc.array(message, { maxLength: 4 }) })
  .map((parts) => ({ model: 'm', ...parts }));

describe('the count', () => {
  test('is the same cold, warm, and in a cache that others filled', async () => {
    const shared = estimatorFor();
    await fc.assert(
      fc.asyncProperty(body, async (one) => {
        const cold = await countOf(one);
        expect(await countOf(one, shared)).toEqual(cold);
        expect(await countOf(one, shared)).toEqual(cold);
        expect(await countOf(one, estimatorFor({ maxCachedSegments: 1 }))).toEqual(cold);
      }),
    );
  });

  test('grows with each message', async () => {
    const shared = estimatorFor();
    await fc.assert(
      fc.asyncProperty(body, message, async (one, next) => {
        const longer = { ...one, messages: [...one.messages, next] };
        expect(total(await countOf(longer, shared))).toBeGreaterThan(total(await countOf(one, shared)));
      }),
    );
  });

  test('of the same bytes in another place is another: a text, reasoning, JSON and blocks are told apart', async () => {
    const shared = estimatorFor();
    const content = '[{"type":"text","text":"a text that is long enough to be digested, so that it has a place"}]';
    const bodies = [
      prompt(user(content)),
      prompt(user([{ type: 'thinking', thinking: content }])),
      `{"model":"m","messages":[{"role":"user","content":${content}}]}`,
      `{"model":"m","messages":[{"role":"user","content":"x"}],"tools":${content}}`,
    ];
    for (const one of bodies) expect(await countOf(one, shared)).toEqual(await countOf(one));
  });

  test('does not depend on white space between tokens, nor on escapes', async () => {
    const one = { ...prompt(user([{ type: 'tool_use', id: 't', name: 'Read', input: { a: [1, 'é'] } }])), tools };
    const compact = await countOf(one);
    expect(await countOf(JSON.stringify(one, null, 4))).toEqual(compact);
    const escaped = JSON.stringify(prompt(user('größer als é'))).replaceAll(/[^ -~]/gu, (c) => {
      return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
    expect(await countOf(escaped)).toEqual(await countOf(prompt(user('größer als é'))));
  });
});

const tools = [
  { name: 'Read', description: 'Reads a file.\nWith numbers.', input_schema: { type: 'object', properties: {} } },
];

describe('what is counted', () => {
  const base = prompt(user('hello'));
  const more = async (change: object): Promise<number> =>
    total(await countOf({ ...base, ...change })) - total(await countOf(base));
  const blocks = (...content: readonly unknown[]): object => prompt(user('hello'), user(content));

  test('system, tools, calls and results', async () => {
    expect(await more({ system: 'Be brief, please.' })).toBeGreaterThan(5);
    expect(await more({ system: [{ type: 'text', text: 'Be brief, please.' }] })).toBe(
      await more({ system: 'Be brief, please.' }),
    );
    const tool = JSON.stringify({
      name: 'Read',
      description: tools[0]?.description,
      parameters: tools[0]?.input_schema,
    });
    expect(await more({ tools })).toBeGreaterThan(tool.length / 4);
    expect(await more({ tools: [...tools, ...tools] })).toBeLessThan(2 * (await more({ tools })));
    const result = [{ type: 'tool_result', tool_use_id: 't', content: 'x'.repeat(400) }];
    expect(await more(prompt(user('hello'), user(result)))).toBeGreaterThan(100);
  });

  test('reasoning apart, encrypted or not', async () => {
    const count = await countOf(blocks({ type: 'thinking', thinking: 'x'.repeat(400), signature: 'y'.repeat(4000) }));
    expect(count.thinking).toBeGreaterThanOrEqual(100);
    expect(count.thinking).toBeLessThan(150);
    expect((await countOf(blocks({ type: 'redacted_thinking', data: 'x'.repeat(400) }))).thinking).toBeGreaterThan(99);
  });

  test('an image by its size and a document by its pages, not by their base64', async () => {
    const data = Buffer.concat([Buffer.from('GIF89a'), Buffer.from([44, 1, 200, 0]), Buffer.alloc(90_000)]);
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/gif', data: data.toString('base64') } };
    expect((await countOf(blocks(image))).fixed - (await countOf(blocks())).fixed).toBe(80);
    const byUrl = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
    expect((await countOf(blocks(byUrl))).fixed - (await countOf(blocks())).fixed).toBe(1000);
    const pages = Buffer.from(`%PDF-1.4 ${'<< /Type /Page >> '.repeat(50_000)}`).toString('base64');
    const pdf = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pages } };
    expect((await countOf(blocks(pdf))).fixed - (await countOf(blocks())).fixed).toBe(600 * 2000);
    const result = { type: 'tool_result', tool_use_id: 't', content: [image] };
    expect((await countOf(blocks(result))).fixed - (await countOf(blocks())).fixed).toBeGreaterThan(80);
    const plain = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x'.repeat(400) } };
    expect((await countOf(blocks(plain))).words).toBeGreaterThan(100);
  });

  test("the client's attribution and the placeholder of deferred tools are not sent, so they do not count", async () => {
    const attribution = { type: 'text', text: `x-anthropic-billing-header: cc_version=${'1'.repeat(80)}` };
    const prose = { type: 'text', text: 'Be brief.' };
    expect(await more({ system: [attribution, prose] })).toBe(await more({ system: [prose] }));
    const placeholder = { ...tools[0], name: 'DeferredToolPlaceholder' };
    expect(await more({ tools: [...tools, placeholder] })).toBe(await more({ tools }));
  });

  test('nesting without end counts, and costs no more than its length', async () => {
    let nested: unknown = 'deep';
    for (let depth = 0; depth < 60; depth += 1) nested = [{ type: 'tool_result', tool_use_id: 't', content: nested }];
    const length = JSON.stringify(nested).length;
    let tokenized = 0;
    await countOf(
      prompt(user(nested)),
      estimatorFor({
        countTokens: (one) => {
          tokenized += one.length;
          return 1;
        },
      }),
    );
    expect(tokenized).toBeLessThan(2 * length);
  });

  test.each([{ messages: 5 }, { messages: [5, { role: 'user' }], system: 7, tools: {} }, {}])(
    '%j counts as next to nothing',
    async (odd) => {
      expect(total(await countOf({ model: 'm', ...odd }))).toBeLessThan(20);
    },
  );
});

describe('work', () => {
  /** Counts what the tokenizer gets between two breaths. */
  function watched(): { readonly estimator: TokenEstimator; readonly turns: number[] } {
    const turns = [0];
    const estimator = estimatorFor({
      countTokens: (one) => {
        turns[turns.length - 1] = (turns.at(-1) ?? 0) + one.length;
        return Math.ceil(one.length / 4);
      },
      yieldToEventLoop: () =>
        new Promise((resolve) => {
          setImmediate(() => {
            turns.push(0);
            resolve();
          });
        }),
    });
    return { estimator, turns };
  }
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

  test.each([
    { what: '60 KB of one letter', content: 'a'.repeat(60_000) },
    { what: '60 KB of base64', content: Buffer.alloc(45_000, 'entropy').toString('base64') },
    { what: '1 MB of prose', content: 'The quick brown fox jumps over it. '.repeat(30_000) },
    { what: '200 KB of Chinese', content: '服务器在收到请求之后'.repeat(7000) },
    {
      what: '500 blocks',
      content: Array.from({ length: 500 }, (_, n) => ({ type: 'text', text: `${n} `.repeat(99) })),
    },
  ])('on $what the loop breathes after each bounded stretch', async ({ content }) => {
    const { estimator, turns } = watched();
    await countOf(prompt(user(content)), estimator);
    expect(Math.max(...turns)).toBeLessThanOrEqual(bytesPerTurn);
    expect(turns.length).toBeGreaterThan(sum(turns) / bytesPerTurn);
  });

  test('of those who count at the same time is bounded together, and done once', async () => {
    const { estimator, turns } = watched();
    const content = Array.from({ length: 9000 }, (_, index) => `word${index}`).join(' ');
    await Promise.all(Array.from({ length: 25 }, () => countOf(prompt(user(content)), estimator)));
    expect(Math.max(...turns)).toBeLessThanOrEqual(bytesPerTurn);
    expect(sum(turns)).toBeLessThan(content.length + 2 * sliceBytes);
  });

  test('on a longer conversation is that on what is new', async () => {
    const { estimator, turns } = watched();
    const { body: session } = reportedPrompts().at(-2) ?? { body: {} };
    await countOf(session, estimator);
    const before = sum(turns);
    const messages: readonly unknown[] = JSON.parse(JSON.stringify(session)).messages;
    await countOf({ ...Object(session), messages: [...messages, user('And now the tests.')] }, estimator);
    expect(sum(turns) - before).toBe('And now the tests.'.length);
  });

  test('of a prompt that was counted before waits for nothing', async () => {
    const estimator = estimatorFor();
    const { body: session } = reportedPrompts().at(-2) ?? { body: {} };
    const counted = await countOf(session, estimator);
    expect(estimator.count(promptOf(session))).toEqual(counted);
  });

  test('ends when its request does', async () => {
    const ending = new AbortController();
    const { estimator, turns } = watched();
    const counting = estimator.count(promptOf(prompt(user('a '.repeat(100_000)))), ending.signal);
    ending.abort(new Error('gone'));
    await expect(counting).rejects.toThrow('gone');
    expect(sum(turns)).toBeLessThan(100_000);
  });
});
