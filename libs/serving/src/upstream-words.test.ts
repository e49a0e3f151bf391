import { createProvider } from '@ccg/catalog';
import { GatewayError, Secret } from '@ccg/kernel';
import { expect, test } from 'vitest';
import { errorWithoutCredentials, wordsForLog } from './upstream-words.ts';

const { endpoint } = createProvider({
  name: 'acme',
  dialect: 'openai-chat',
  profile: 'compatible',
  baseUrl: 'https://acme.example/v1',
  credential: new Secret('correct horse battery'),
  headers: [['x-team', new Secret('staple')]],
});

test.each([
  "Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform.googleapis.com/projects/wrong-123456/locations/us-central1/publishers/google/models/gemini-2.5-flash-preview-09-2025' (or it may not exist).",
  'Generative Language API has not been used in project 123456789012 before or it is disabled.',
  'Country, region, or territory not supported (unsupported_country_region_territory)',
  'Your API key does not have permission to use the specified resource.',
  'Missing scopes: model.request. Check IAM_PERMISSION_DENIED_CODE_17 for ci-bot@wrong-123456.iam.gserviceaccount.com',
])('the words that name project, API and permission are kept: %s', (text) => {
  expect(wordsForLog(text, endpoint)).toBe(text);
});

test.each([
  ['Bad key correct horse battery of staple', 'Bad key [removed] of [removed]'],
  ['Incorrect API key provided: sk-abc*****************wxyz.', 'Incorrect [removed]'],
  ['Key AIzaSyB-1234567890abcdefghij is blocked', 'Key [removed] is blocked'],
  ['ya29.c.b0AXv0zTN-x_y.z expired', '[removed] expired'],
  ['sent eyJhbGciOi.eyJzdWIi.c2ln here', 'sent [removed] here'],
  ['Bearer hunter2 refused', '[removed] refused'],
  ['0123456789abcdef0123456789abcdef is unknown', '[removed] is unknown'],
  ['Zk3-Jh8s-92Lq-Pw7x is unknown', '[removed] is unknown'],
])('what is a credential, or looks like one, is not: %s', (text, left) => {
  expect(wordsForLog(text, endpoint)).toBe(left);
});

test('they are one line, and not long', () => {
  expect(wordsForLog(`a\n${'b '.repeat(5000)}`, endpoint)).toMatch(/^a b[b ]{496}…$/u);
  expect(wordsForLog(undefined, endpoint)).toBeUndefined();
});

test.each([
  ['model_not_found', 'model_not_found'],
  ['1210', '1210'],
  ['staple', undefined],
  ['sk-abc123', undefined],
])('a name of a failure is kept unless it is a credential: %s', (upstreamCode, left) => {
  const error = new GatewayError('upstream-failed', 'It failed.', { upstreamCode });
  expect(errorWithoutCredentials(error, endpoint).upstreamCode).toBe(left);
});
