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

describe('a name that the backend would refuse for its characters', () => {
  const invented = [
    'multi_tool_use.parallel',
    'Read file',
    'Datei öffnen',
    '読む',
    '',
    'a/b:c',
    '<|tool|>',
    `${long}.more`,
    '\ufffd',
  ];

  test.each(invented)('is sent as letters that it accepts, and told to the client as it was: %j', (name) => {
    const names = createToolNames(['Bash'], 64);
    const sent = names.inward(name);
    expect(sent).toMatch(/^[a-zA-Z0-9_-]{1,64}$/u);
    expect([names.outward(sent), names.original(sent)]).toEqual([name, name]);
    expect(createToolNames([], 64).inward(name)).toBe(sent);
  });

  test('is kept apart from others with the same letters', () => {
    const names = createToolNames(['Read_file', 'Read file'], 64);
    const sent = ['Read_file', 'Read file', 'Read.file', 'Read/file'].map(names.inward);
    expect(sent[0]).toBe('Read_file');
    expect(new Set(sent).size).toBe(4);
    expect(sent.map(names.outward)).toEqual(['Read_file', 'Read file', 'Read.file', 'Read/file']);
  });

  test('gives way to a declared tool that is called like the sent form, wherever that is declared', () => {
    const sent = createToolNames([], 64).inward('Read file');
    for (const declared of [
      ['Read file', sent],
      [sent, 'Read file'],
    ]) {
      const names = createToolNames(declared, 64);
      expect(names.inward(sent)).toBe(sent);
      expect(names.outward(names.inward('Read file'))).toBe('Read file');
    }
  });
});

describe('where names begin with a letter or an underscore', () => {
  const others = ['7z', '-v', '3d-view', '9'.repeat(64), '7 zip', '-', '0'];

  test.each(others)('%j is sent under such a name, the same in every request, and told as it was', (name) => {
    const names = createToolNames(['Bash', name], 64, 'letter');
    const sent = names.inward(name);
    expect(sent).toMatch(/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/u);
    expect([names.outward(sent), names.original(sent)]).toEqual([name, name]);
    expect(createToolNames([], 64, 'letter').inward(name)).toBe(sent);
  });

  test('those that do so keep their names, as all do elsewhere', () => {
    expect(['_7z', 'Bash'].map(createToolNames([], 64, 'letter').inward)).toEqual(['_7z', 'Bash']);
    expect(others.slice(0, 4).map(createToolNames([], 64).inward)).toEqual(others.slice(0, 4));
  });

  test('a name that is changed gives way to a declared one that is called alike', () => {
    const sent = createToolNames([], 64, 'letter').inward('7z');
    const names = createToolNames(['7z', sent], 64, 'letter');
    expect(names.inward(sent)).toBe(sent);
    expect(names.outward(names.inward('7z'))).toBe('7z');
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
    ['functions.Bash:0', 'Bash'],
    [' Bash\n', 'Bash'],
    ['"Bash"', 'Bash'],
    ['Bash()', 'Bash'],
    ['Bash</tool_call>', 'Bash'],
    ['functions.Unknown', 'functions.Unknown'],
    [' Unknown', ' Unknown'],
    ['Bash and Read', 'Bash and Read'],
    ['constructor', 'constructor'],
  ])('%s means %s', (written, meant) => {
    expect(names.outward(written)).toBe(meant);
  });
});

test('names keep their case and letters', () => {
  const { inward } = createToolNames(['Bash', 'mcp__X__y-z'], 64);
  expect(['Bash', 'mcp__X__y-z', 'undeclared'].map(inward)).toEqual(['Bash', 'mcp__X__y-z', 'undeclared']);
});
