import { expect, test } from 'vitest';
import { Secret } from '@ccg/kernel';
import { sealTag } from '@ccg/translation';
import { createSealing } from './create-sealing.ts';

const scope = { tenant: 'acme', provider: 'openrouter', model: 'vendor/model' };
const state = '{"text":"h\xc3\xa9"}';
const [oldSecret, newSecret] = [new Secret('o'.repeat(32)), new Secret('n'.repeat(32))] as const;

test('opens what it sealed, byte for byte, and shows nothing of it', () => {
  const sealer = createSealing([newSecret]).for(scope);
  const sealed = sealer.seal(state);
  expect(sealer.open(sealed)).toBe(state);
  expect(sealed).toMatch(/^ccg1\.[\w-]+$/u);
  expect(Buffer.from(sealed.slice(sealTag.length), 'base64url').toString('latin1')).not.toContain('text');
  expect(sealer.seal(state)).not.toBe(sealed);
});

test.each([
  ['tenant', { ...scope, tenant: 'other' }],
  ['provider', { ...scope, provider: 'nvidia' }],
  ['model', { ...scope, model: 'vendor/other' }],
])('another %s cannot open it', (_what, other) => {
  const sealing = createSealing([newSecret]);
  expect(sealing.for(other).open(sealing.for(scope).seal(state))).toBeUndefined();
});

test('a rotated secret still opens what it sealed, a removed one does not', () => {
  const sealed = createSealing([oldSecret]).for(scope).seal(state);
  expect(createSealing([newSecret, oldSecret]).for(scope).open(sealed)).toBe(state);
  expect(createSealing([newSecret]).for(scope).open(sealed)).toBeUndefined();
});

test('drops whatever is foreign, cut, changed in any byte, or of another version', () => {
  const sealer = createSealing([newSecret]).for(scope);
  const sealed = sealer.seal(state);
  const bytes = Buffer.from(sealed.slice(sealTag.length), 'base64url');
  const forged = [...bytes.keys()].map((index) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(copy.readUInt8(index) ^ 1, index);
    return sealTag + copy.toString('base64url');
  });
  const cut = [...bytes.keys()].map((length) => sealTag + bytes.subarray(0, length).toString('base64url'));
  const foreign = ['', 'EqQBCkYIBxgC', 'ccg1.', 'ccg1.!!', sealed.replace('ccg1.', 'ccg2.')];
  expect([...forged, ...cut, ...foreign].map((text) => sealer.open(text))).toEqual(
    [...forged, ...cut, ...foreign].map(() => undefined),
  );
});

test('a name is hidden behind the same letters for one tenant and provider alone', () => {
  const sealing = createSealing([newSecret]);
  const name = sealing.for(scope).pseudonym('dev-1');
  expect(name).toMatch(/^[\w-]{43}$/u);
  expect(sealing.for({ ...scope, model: 'another' }).pseudonym('dev-1')).toBe(name);
  const others = [
    sealing.for(scope).pseudonym('dev-2'),
    sealing.for({ ...scope, tenant: 'other' }).pseudonym('dev-1'),
    sealing.for({ ...scope, provider: 'openai' }).pseudonym('dev-1'),
    createSealing([oldSecret]).for(scope).pseudonym('dev-1'),
  ];
  expect(others).not.toContain(name);
});
