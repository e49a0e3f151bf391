import { expect, test } from 'vitest';
import { invalidMember } from './invalid-member.ts';

test.each([
  ['max_tokens: Input should be a whole number', 'max_tokens'],
  ['messages.3.content.0.source: Field required', 'messages.3.content.0.source'],
  ['messages[3].content[0]: Field required', 'messages.3.content.0'],
  ['tools.0.input_schema.properties.customer_name: unknown', 'tools.0.input_schema.properties.*'],
  ['The provider "openai" refused the request: temperature: not supported.', 'temperature'],
  ['The body has no "model"; name the model that is to answer.', 'model'],
  ['The body is not valid JSON. Correct it.', 'body'],
  ['The body is empty; send a JSON object: {"model": "…", "max_tokens": 1024, "messages": […]}.', 'body'],
  ['The provider "openai" refused the request: Unsupported parameter: \'top_p\'.', 'top_p'],
])('%s is about a member', (message, member) => {
  expect(invalidMember(message)).toBe(member);
});

test.each([
  'A name of the client: my_secret: no',
  'my_secret: Extra inputs are not permitted',
  'The provider "openai" refused the request: I cannot help with that.',
])('%s names no member of the API', (message) => {
  expect(invalidMember(message)).toBeUndefined();
});
