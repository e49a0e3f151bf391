import { describe, expect, test } from 'vitest';

import { createSecretRemover } from './remove-secrets.ts';

const secret = 'sk-A/b+9_"quote"=.é-end';
const remover = createSecretRemover([secret, 'sk-plain-0123456789', 'none', 'hunter']);

/** Texts that cross the interface are byte strings. */
function removeFrom(text: string): string {
  return Buffer.from(remover.text(Buffer.from(text).toString('latin1')), 'latin1').toString('utf8');
}

function unicodeEscaped(text: string, digits: (hex: string) => string): string {
  return Array.from({ length: text.length }, (_, index) => {
    return `\\u${digits(text.charCodeAt(index).toString(16).padStart(4, '0'))}`;
  }).join('');
}

describe('a secret is removed', () => {
  test.each([
    ['as it is', secret],
    ['in JSON', JSON.stringify(secret).slice(1, -1)],
    ['in JSON within JSON', JSON.stringify(JSON.stringify(secret)).slice(3, -3)],
    [
      'in JSON that escapes slashes',
      JSON.stringify(secret)
        .slice(1, -1)
        .replaceAll('/', String.raw`\/`),
    ],
    ['in JSON that escapes everything', unicodeEscaped(secret, (hex) => hex)],
    ['in JSON that escapes everything, in capitals', unicodeEscaped(secret, (hex) => hex.toUpperCase())],
    ['in a URL', encodeURIComponent(secret)],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in base64 beside other bytes', Buffer.from(`u:${secret}`).toString('base64')],
    ['in base64url between others', Buffer.from(`???${secret}???`).toString('base64url')],
    ['in base64 after one byte', Buffer.from(`:${secret}`).toString('base64')],
  ])('%s', (_form, written) => {
    const left = removeFrom(`{"a":"before ${written} after"}`);
    expect(left).toMatch(/^\{"a":"before .{0,4}\[removed\].{0,6} after"\}$/u);
  });

  test('within a URL, although it has characters that end one', () => {
    expect(removeFrom(`https://a.example/${secret}/x?y=hush`)).toBe('https://a.example/[removed]/x?[removed]');
  });

  test('with the escapes before it, so that what is left is still JSON', () => {
    const slash = createSecretRemover(['/secret-0123456789']);
    expect(slash.text(String.raw`{"a":"b\\n\/secret-0123456789"}`)).toBe(String.raw`{"a":"b\\n[removed]"}`);
  });

  test('as often as it stands there, and where it is the beginning of another', () => {
    const both = createSecretRemover(['sk-plain-0123', 'sk-plain-0123456789']);
    expect(both.text('sk-plain-0123456789,sk-plain-0123,sk-plain-0123')).toBe('[removed],[removed],[removed]');
  });

  test('but not a word that servers without credentials are given', () => {
    expect(removeFrom('{"tool_choice":"none","text":"a hunter"}')).toBe('{"tool_choice":"none","text":"a hunter"}');
  });
});

test.each([
  ['see https://a.example/x?sig=hush, and', 'see https://a.example/x?[removed] and'],
  ['"url":"https://a.example/x?a=1&sig=hush"', '"url":"https://a.example/x?[removed]"'],
  [String.raw`"https:\/\/a.example\/x?a=1\u0026sig=hush"`, String.raw`"https:\/\/a.example\/x?[removed]"`],
  [String.raw`{\"u\":\"https://a.example?t=hush\"}`, String.raw`{\"u\":\"https://a.example?[removed]\"}`],
  ['http://a.example/#access_token=hush', 'http://a.example/?[removed]'],
  ['https://a.example/sk-plain-0123456789/x?y=hush', 'https://a.example/[removed]/x?[removed]'],
  ['a ? b : c and https://a.example/x', 'a ? b : c and https://a.example/x'],
])('of a URL the query is removed: %s', (text, left) => {
  expect(removeFrom(text)).toBe(left);
});

test('headers that carry credentials are left out, and others lose secrets and queries', () => {
  const names = ['authorization', 'x-api-key', 'cookie', 'set-cookie', 'proxy-authorization', 'x-goog-api-key'];
  const more = ['x-amz-security-token', 'ocp-apim-subscription-key', 'x-my-secret', 'www-authenticate'];
  const kept = [
    ['content-type', 'application/json'],
    ['location', '/login?ticket=hush'],
    ['x-debug', 'key sk-plain-0123456789'],
  ] as const;
  expect(remover.headers([...[...names, ...more].map((name) => [name, 'hush'] as const), ...kept])).toEqual([
    ['content-type', 'application/json'],
    ['location', '/login?[removed]'],
    ['x-debug', 'key [removed]'],
  ]);
});

describe('the pieces of an answer', () => {
  const text = 'data: one\n\ndata: sk-plain-0123456789 https://a.example?t=hush \n\nend';
  const whole = 'data: one\n\ndata: [removed] https://a.example?[removed] \n\nend';

  test('keep their borders, wherever these are, and a secret that lies across some is removed', () => {
    for (let size = 1; size <= text.length; size += 1) {
      const lengths = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
        Math.min(size, text.length - index * size),
      );
      const left = remover.pieces(text, lengths);
      expect(left.bytes).toBe(whole);
      expect(left.lengths).toHaveLength(lengths.length);
      expect(left.lengths.reduce((sum, length) => sum + length, 0)).toBe(whole.length);
      expect(Math.min(...left.lengths)).toBeGreaterThanOrEqual(0);
    }
  });

  test('that have no secret are as they were', () => {
    expect(remover.pieces('data: one\n\n', [3, 0, 8])).toEqual({ bytes: 'data: one\n\n', lengths: [3, 0, 8] });
  });
});
