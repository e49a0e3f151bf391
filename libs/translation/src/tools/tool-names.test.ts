import { describe, expect, test } from 'vitest';
import { createToolNames } from './tool-names.ts';

const long = `mcp__${'a'.repeat(60)}__search`;

describe('a name that the backend would refuse for its length', () => {
  const names = createToolNames(['Bash', long, `${long}_more`], 64);

  test('is cut, and told to the client whole', () => {
    expect(names.inward(long)).toMatch(/^mcp__a{50}_[A-Za-z0-9]{8}$/u);
    expect(names.outward(names.inward(long))).toBe(long);
  });

  test('is cut apart from another that begins with the same letters', () => {
    expect(names.inward(`${long}_more`)).not.toBe(names.inward(long));
    expect(names.outward(names.inward(`${long}_more`))).toBe(`${long}_more`);
  });

  test('is cut to the same form in every request of a session, whatever is declared beside it', () => {
    expect(createToolNames([], 64).inward(long)).toBe(names.inward(long));
  });

  test('gives way to a declared tool that is called like the cut form', () => {
    const cut = names.inward(long);
    const both = createToolNames([long, cut], 64);
    expect(both.inward(cut)).toBe(cut);
    expect(both.inward(long)).not.toBe(cut);
    expect(both.outward(both.inward(long))).toBe(long);
  });
});

describe('a name that the model wrote', () => {
  const names = createToolNames(['Bash', 'Read', 'read', 'TaskList'], 64);

  test.each([
    ['Bash', 'Bash'],
    ['bash', 'Bash'],
    ['read', 'read'],
    ['READ', 'READ'],
    ['functions.Bash', 'Bash'],
    ['default_api:tasklist', 'TaskList'],
    ['Bash<|channel|>commentary', 'Bash'],
    ['functions.Unknown', 'functions.Unknown'],
    ['constructor', 'constructor'],
  ])('%s means %s', (written, meant) => {
    expect(names.outward(written)).toBe(meant);
  });
});

test('names keep their case and letters', () => {
  const { inward } = createToolNames(['Bash', 'mcp__X__y-z'], 64);
  expect(['Bash', 'mcp__X__y-z', 'undeclared'].map(inward)).toEqual(['Bash', 'mcp__X__y-z', 'undeclared']);
});
