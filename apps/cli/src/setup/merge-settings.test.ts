import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeSettings, settingAt } from './merge-settings.ts';
import type { SettingsChange } from './claude-settings.ts';

const change: SettingsChange = {
  env: { ANTHROPIC_BASE_URL: 'http://gateway', ANTHROPIC_AUTH_TOKEN: 'secret' },
  apiKeyHelper: undefined,
  removedEnv: ['ANTHROPIC_API_KEY'],
};

function merged(text: string, asked: SettingsChange = change): string {
  const result = mergeSettings(text, asked);
  if (result.kind !== 'merged') throw new Error(result.kind);
  return result.text;
}

describe('a settings file', () => {
  test('that is not there becomes one with two spaces', () => {
    expect(merged('')).toBe(
      '{\n  "env": {\n    "ANTHROPIC_BASE_URL": "http://gateway",\n    "ANTHROPIC_AUTH_TOKEN": "secret"\n  }\n}\n',
    );
  });

  test('keeps every byte that is not ours: order, indentation, lists in one line, numbers, escapes, CRLF', () => {
    const before =
      '{\r\n\t"2": 1e400,\r\n\t"1": ["a", "b"],\r\n\t"env": {\r\n\t\t"ANTHROPIC_API_KEY": "x",\r\n\t\t"MINE": "\\u00e4"\r\n\t},\r\n\t"z": {}\r\n}';
    expect(merged(before)).toBe(
      '{\r\n\t"2": 1e400,\r\n\t"1": ["a", "b"],\r\n\t"env": {\r\n\t\t"MINE": "\\u00e4",\r\n\t\t"ANTHROPIC_BASE_URL": "http://gateway",\r\n\t\t"ANTHROPIC_AUTH_TOKEN": "secret"\r\n\t},\r\n\t"z": {}\r\n}',
    );
  });

  test('keeps the byte order mark that an editor put before it', () => {
    const text = merged('\uFEFF{"a": 1}');
    expect(text).toMatch(/^\uFEFF\{"a": 1, "env"/u);
    expect(mergeSettings(text, change)).toEqual({ kind: 'unchanged' });
    expect(settingAt('\uFEFF{"model": "opus"}', 'model')).toBe('opus');
    expect(merged('\uFEFF')).toMatch(/^\uFEFF\{\n/u);
  });

  test('with a null for "env" has none', () => {
    const helper: SettingsChange = { env: { A: '1' }, apiKeyHelper: undefined, removedEnv: [] };
    expect(merged('{"env": null, "z": 1}', helper)).toBe('{"env": {"A": "1"}, "z": 1}');
  });

  test('in one line stays in one line', () => {
    expect(merged('{"model":"opus"}')).toBe(
      '{"model":"opus", "env": {"ANTHROPIC_BASE_URL": "http://gateway", "ANTHROPIC_AUTH_TOKEN": "secret"}}',
    );
  });

  test('loses the other credential, first, last or alone', () => {
    const helper: SettingsChange = { ...change, env: { A: '1' }, apiKeyHelper: 'cat x', removedEnv: ['T', 'K'] };
    expect(JSON.parse(merged('{"env":{"T":"1","B":"2","K":"3"}}', helper))).toEqual({
      env: { B: '2', A: '1' },
      apiKeyHelper: 'cat x',
    });
    expect(JSON.parse(merged('{"env":{"T":"1"}}', helper))).toEqual({ env: { A: '1' }, apiKeyHelper: 'cat x' });
    const token = mergeSettings('{\n  "apiKeyHelper": "cat x"\n}\n', { ...change, env: { A: '1' } });
    expect(token).toEqual({
      kind: 'merged',
      text: '{\n  "env": {\n    "A": "1"\n  }\n}\n',
      removed: ['apiKeyHelper'],
    });
  });

  test('that says so already is left alone', () => {
    expect(mergeSettings(merged('{"a":1}'), change)).toEqual({ kind: 'unchanged' });
  });

  test.each([
    ['{"env": {"KEY": "ccg_live_x",}}', 'is not valid JSON'],
    ['// mine\n{}', 'is not valid JSON'],
    ['[]', 'holds no JSON object'],
    ['{"env": "x"}', 'has an "env" that is no JSON object'],
  ])('that cannot be read is refused without a word of it: %s', (text, reason) => {
    expect(mergeSettings(text, change)).toEqual({ kind: 'unreadable', reason });
  });

  test('is merged to what a reader expects, whatever was in it', () => {
    const member = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 });
    const names = fc.constantFrom('ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL', 'OTHER');
    const env = fc.dictionary(names, fc.string());
    fc.assert(
      fc.property(member, fc.option(env), fc.constantFrom(undefined, 1, '\t'), (others, before, indentation) => {
        const settings = before === null ? others : { ...others, env: before };
        if (before === null && 'env' in others) return;
        const result = mergeSettings(JSON.stringify(settings, undefined, indentation), change);
        const { ANTHROPIC_API_KEY: _gone, ...kept } = before ?? {};
        const { apiKeyHelper: _helper, ...rest } = settings as Record<string, unknown>;
        const expected = { ...rest, env: { ...kept, ...change.env } };
        const text = result.kind === 'merged' ? result.text : JSON.stringify(settings);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(expected)));
      }),
    );
  });
});
