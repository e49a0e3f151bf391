import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText } from '../../test/arbitrary-json.ts';
import { bytesToString, encodeText, stringToBytes } from '../bytes.ts';
import { writeJson } from '../json/write-json.ts';
import { spliceBytes } from '../splice-bytes.ts';
import { readEnvelope } from './envelope.ts';

function readText(text: string): ReturnType<typeof readEnvelope> {
  return readEnvelope(stringToBytes(encodeText(text)));
}

describe('the envelope', () => {
  test('holds what the top level says, wherever and however it is written', () => {
    const text =
      '{ "messages":[{"model":"other","stream":false}] , "max_tokens" : 1.0e3, "mod\\u0065l":"gpt-é/\\u006d:1", "stream":true}';
    const envelope = readText(text);
    expect(envelope).toMatchObject({ model: 'gpt-é/m:1', stream: true, maxTokens: 1000, source: encodeText(text) });
    const { model, stream, maxTokens } = envelope.spans;
    const written = [model, stream, maxTokens].map((span) => envelope.source.slice(span?.start, span?.end));
    expect(written).toEqual([encodeText('"gpt-é/\\u006d:1"'), 'true', '1.0e3']);
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
        const { body, spans } = readEnvelope(stringToBytes(`${head}"old" ,"b":1}`));
        const replaced = spliceBytes(body, [{ ...spans.model, replacement: writeJson(name) }]);
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
