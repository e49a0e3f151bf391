import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { generateApiKey } from './api-key-format.ts';
import { readCredential } from './read-credential.ts';
import type { CredentialHeaders } from './read-credential.ts';

const ours = generateApiKey(randomBytes).reveal();
const another = generateApiKey(randomBytes).reveal();
const wrongChecksum = ours.slice(0, -1) + (ours.endsWith('0') ? '1' : '0');
const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';
const theirs = 'sk-ant-api03-abcdefgh';

/** The kind, and the API key's text where there is one. */
function read(headers: CredentialHeaders): string {
  const credential = readCredential(headers);
  return credential.kind === 'api-key' ? `api-key ${credential.apiKey.reveal()}` : credential.kind;
}

describe('one header', () => {
  test.each<[string, CredentialHeaders, string]>([
    ['nothing', {}, 'absent'],
    ['blank headers', { 'x-api-key': '  ', authorization: '' }, 'absent'],
    ['Bearer without a token', { authorization: 'Bearer ' }, 'absent'],
    ['an API key', { 'x-api-key': ours }, `api-key ${ours}`],
    ['an API key as bearer', { authorization: `Bearer ${ours}` }, `api-key ${ours}`],
    ['any case of Bearer and any space', { authorization: ` bEaReR \t ${ours} ` }, `api-key ${ours}`],
    ['space around the API key', { 'x-api-key': ` ${ours}\t` }, `api-key ${ours}`],
    ['a wrong checksum', { 'x-api-key': wrongChecksum }, 'malformed'],
    ['a shape of nobody', { 'x-api-key': 'let-me-in' }, 'malformed'],
    ['two API keys in one header', { 'x-api-key': `${ours}, ${ours}` }, 'malformed'],
    ['an API key without a scheme', { authorization: ours }, 'malformed'],
    ['another scheme', { authorization: `Basic ${ours}` }, 'malformed'],
    ['a token', { authorization: `Bearer ${token}` }, 'jwt'],
    ['a token in x-api-key', { 'x-api-key': token }, 'jwt'],
    ['a token without a signature', { authorization: `Bearer ${token.slice(0, token.lastIndexOf('.') + 1)}` }, 'jwt'],
    ['an encrypted token', { authorization: `Bearer ${token}..AA` }, 'jwt'],
    ['a key of Anthropic’s shape', { 'x-api-key': theirs }, 'foreign-anthropic'],
    ['a token of Anthropic’s shape', { authorization: 'Bearer sk-ant-oat01-abcdefgh' }, 'foreign-anthropic'],
  ])('%s', (_name, headers, expected) => {
    expect(read(headers)).toBe(expected);
  });
});

describe('two headers', () => {
  test.each<[string, CredentialHeaders, string]>([
    ['ours beside theirs', { 'x-api-key': theirs, authorization: `Bearer ${ours}` }, `api-key ${ours}`],
    ['ours beside anything else', { 'x-api-key': ours, authorization: 'Basic dTpw' }, `api-key ${ours}`],
    ['the same API key twice', { 'x-api-key': ours, authorization: `Bearer ${ours}` }, `api-key ${ours}`],
    ['two API keys', { 'x-api-key': ours, authorization: `Bearer ${another}` }, 'ambiguous'],
    ['an API key and a token', { 'x-api-key': ours, authorization: `Bearer ${token}` }, 'ambiguous'],
    ['the same token twice', { 'x-api-key': token, authorization: `Bearer ${token}` }, 'jwt'],
    ['theirs beside nonsense', { 'x-api-key': 'nonsense', authorization: `Bearer ${theirs}` }, 'foreign-anthropic'],
    ['nonsense beside nothing', { 'x-api-key': '', authorization: 'Bearer nonsense' }, 'malformed'],
  ])('%s', (_name, headers, expected) => {
    expect(read(headers)).toBe(expected);
  });
});
