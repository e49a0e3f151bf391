import { survivorsOf } from '@ccg/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText } from '../../test/arbitrary-json.ts';
import { bytesToString, encodeText, spliceBytes, stringToBytes } from '../bytes.ts';
import { RawJson, RawText } from '../json/json-value.ts';
import { decodeJson } from '../json/text.ts';
import { writeJson } from '../json/write-json.ts';
import { readMessagesRequest } from './messages-request.ts';

function readText(text: string): ReturnType<typeof readMessagesRequest> {
  return readMessagesRequest(stringToBytes(encodeText(text)));
}

describe('the envelope', () => {
  test('holds what the top level says, wherever and however it is written', () => {
    const text =
      '{ "messages":[{"model":"other","stream":false}] , "max_tokens" : 1.0e3, "mod\\u0065l":"gpt-é/\\u006d:1", "stream":true}';
    const messagesRequest = readText(text);
    expect(messagesRequest).toMatchObject({ model: 'gpt-é/m:1', stream: true, maxTokens: 1000 });
    const { body, modelSpan } = messagesRequest;
    expect(bytesToString(body().subarray(modelSpan.start, modelSpan.end))).toBe(encodeText('"gpt-é/\\u006d:1"'));
  });

  test('gives a member, the last of a name, with the bytes that its raw values are slices of', () => {
    const { bytesOf, read } = readText('{"model":"m","system":1, "system" : {"input": {"é":1}, "text":"é"} }');
    const json = encodeText('{"input": {"é":1}, "text":"é"}');
    expect(bytesToString(bytesOf('system') ?? new Uint8Array())).toBe(json);
    const { bytes, text, value } = read('system') ?? {};
    expect([bytes && bytesToString(bytes), text]).toEqual([json, json]);
    expect(value).toEqual({ input: new RawJson(json, 10, 18), text: new RawText(json, 28, 30) });
    expect([read('b'), bytesOf('b')]).toEqual([undefined, undefined]);
  });

  test('a member that no dialect looks into stays raw, and must be JSON', () => {
    const { read } = readText('{"model":"m","x":{"y":[1]},"z":[1,]}');
    expect(read('x')?.value).toEqual(new RawJson('{"y":[1]}', 0, 9));
    expect(() => read('z')).toThrow('not valid JSON');
  });

  test.each([
    ['a half alone in a text', String.raw`[{"text":"a\\\ud83d"}]`, String.raw`[{"text":"a\\\ufffd"}]`],
    ['a half alone in what stays raw', String.raw`[{"input":{"a":"\uDE00"}}]`, String.raw`[{"input":{"a":"\ufffd"}}]`],
    ['a half alone in a name', String.raw`[{"\ud83d":1}]`, String.raw`[{"\ufffd":1}]`],
    ['a pair', String.raw`["\ud83d\ude00"]`, undefined],
    ['what only looks like a half', String.raw`["\\ud83d \ud7ff \ue000"]`, undefined],
  ])('replaces halves of surrogate pairs that stand alone, and nothing else: %s', (_what, messages, mended) => {
    const { text, value, isMended } = readText(`{"model":"m","messages":${messages}}`).read('messages') ?? {};
    expect(text).toBe(mended ?? messages);
    expect(decodeJson(value ?? null)).toEqual(JSON.parse(mended ?? messages));
    expect(isMended).toBe(mended !== undefined);
  });

  test('lets go of what was read of the body, and reads it again', async () => {
    const messagesRequest = readText('{"model":"m","system":[{"text":"é"}]}');
    const read = () => {
      const member = messagesRequest.read('system');
      if (member === undefined) throw new Error('The member was not read.');
      return member;
    };
    const before = new WeakRef(read());
    messagesRequest.releaseMembers();
    expect((await survivorsOf([before])).length).toBe(0);
    expect(decodeJson(read().value)).toEqual([{ text: 'é' }]);
  });

  test('lets go of the body and of what was read of it, and keeps what it says', () => {
    const messagesRequest = readText('{"model":"m","system":[1]}');
    expect(messagesRequest.read('system')?.value).toEqual([1]);
    messagesRequest.release();
    for (const use of [
      messagesRequest.body,
      () => messagesRequest.bytesOf('system'),
      () => messagesRequest.read('system'),
    ])
      expect(use).toThrow();
    expect(messagesRequest.model).toBe('m');
  });

  test('says where a member is not JSON, and refuses to follow one for ever', () => {
    const broken = readText('{"model":"m","messages":[1,]}');
    const message = 'The body is not valid JSON. Expected a value (at byte 27). Correct it and send it again.';
    expect(() => broken.read('messages')).toThrow(expect.objectContaining({ publicMessage: message }));
    const deep = readText(`{"model":"m","a":${'['.repeat(512)}${']'.repeat(512)}}`);
    const advice = 'The body is nested more than 512 levels deep. Flatten it.';
    expect(() => deep.read('a')).toThrow(expect.objectContaining({ publicMessage: advice }));
  });

  test.each(['{"model":"m"}', '{"model":"m","stream":null}', '{"model":"m","stream":false,"max_tokens":0}'])(
    'is not streaming unless told: %s',
    (text) => {
      expect(readText(text).stream).toBe(false);
    },
  );

  test('lets the model be replaced and everything else stay byte for byte', () => {
    fc.assert(
      fc.property(anyText, anyText, (before, name) => {
        const head = `{"a":${writeJson(before)},"model" : `;
        const { body, modelSpan } = readMessagesRequest(stringToBytes(`${head}"old" ,"b":1}`));
        const replaced = spliceBytes(body(), [{ ...modelSpan, replacement: writeJson(name) }]);
        expect(bytesToString(replaced)).toBe(`${head}${writeJson(name)} ,"b":1}`);
      }),
    );
  });
});

describe('a body is refused with advice:', () => {
  const advice = '{"model": "…", "max_tokens": 1024, "messages": […]}';
  test.each([
    ['', `The body is empty; send a JSON object: ${advice}.`],
    [' \n', `The body is empty; send a JSON object: ${advice}.`],
    ['\ufeff{"model":"m"}', 'The body begins with a byte order mark; send JSON in UTF-8 without one.'],
    ['[{"model":"m"}]', `The body is not a JSON object; send one: ${advice}.`],
    ['null', `The body is not a JSON object; send one: ${advice}.`],
    ['[', `The body is not a JSON object; send one: ${advice}.`],
    ['model=m', `The body is not a JSON object; send one: ${advice}.`],
    [
      '{"model":"m"} {}',
      'The body is not valid JSON. Expected nothing after the JSON value (at byte 14). Correct it and send it again.',
    ],
    ['{"model":"m"', 'The body is not valid JSON. The JSON ends too early (at byte 12). Correct it and send it again.'],
    ['{}', 'The body has no "model"; name the model that is to answer.'],
    ['{"messages":[{"model":"m"}]}', 'The body has no "model"; name the model that is to answer.'],
    ['{"model":"a","model":"b"}', 'The body has two "model" keys; send one.'],
    ['{"model":"a","mod\\u0065l":"b","model":1}', 'The body has 3 "model" keys; send one.'],
    ['{"model":"a","stream":true,"stream":true}', 'The body has two "stream" keys; send one.'],
    ['{"model":"a","max_tokens":1,"max_tokens":2}', 'The body has two "max_tokens" keys; send one.'],
    ['{"model":""}', '"model" must be a string that is not empty; name the model that is to answer.'],
    ['{"model":" "}', '"model" must be a string that is not empty; name the model that is to answer.'],
    ['{"model":null}', '"model" must be a string that is not empty; name the model that is to answer.'],
    ['{"model":["a"]}', '"model" must be a string that is not empty; name the model that is to answer.'],
    ['{"model":"a","stream":"true"}', '"stream" must be true or false, or left out.'],
    ['{"model":"a","stream":{}}', '"stream" must be true or false, or left out.'],
    ['{"model":"a","max_tokens":"9"}', '"max_tokens" must be a whole number of tokens, such as 1024.'],
    ['{"model":"a","max_tokens":1.5}', '"max_tokens" must be a whole number of tokens, such as 1024.'],
    ['{"model":"a","max_tokens":-1}', '"max_tokens" must be a whole number of tokens, such as 1024.'],
    ['{"model":"a","max_tokens":1e999}', '"max_tokens" must be a whole number of tokens, such as 1024.'],
    ['{"model":"a","max_tokens":null}', '"max_tokens" must be a whole number of tokens, such as 1024.'],
  ])('%s', (text, publicMessage) => {
    expect(() => readText(text)).toThrow(expect.objectContaining({ code: 'request-invalid', publicMessage }));
  });
});
