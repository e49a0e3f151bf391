import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bash, c, calls, chat, end, fn, ls, stop, tell, tellStream } from './tell.ts';

type Dialect = 'chat' | 'compatible' | 'ollama';
type Kind = 'text' | 'thinking';
const dialects: readonly Dialect[] = ['chat', 'compatible', 'ollama'];

/** What a client gets to see of these deltas of text, or of reasoning before a text. */
function tellDeltas(dialect: Dialect, kind: Kind, deltas: readonly string[]): string {
  const told = streamOf[dialect](kind, deltas);
  const wanted = `${kind}: `;
  return told
    .filter((block) => block.startsWith(wanted))
    .map((block) => block.slice(wanted.length))
    .join('|');
}

const streamOf: Readonly<Record<Dialect, (kind: Kind, deltas: readonly string[]) => string[]>> = {
  chat(kind, deltas) {
    const member = kind === 'text' ? 'content' : 'reasoning_content';
    const last = kind === 'text' ? [] : [c({ content: 'So' })];
    const chunks = deltas.map((delta) => c({ [member]: delta }));
    // The finish reason may come with the last piece.
    const joined = deltas.map((delta, at) => c({ [member]: delta }, at === deltas.length - 1 ? stop : {}));
    const told = tell(chat, [...chunks, ...last, end]);
    if (kind === 'text') expect(tell(chat, joined)).toEqual(told);
    return told;
  },
  compatible(kind, deltas) {
    const block = (index: number, type: Kind, pieces: readonly string[]) => [
      { type: 'content_block_start', index, content_block: { type, [type]: '' } },
      ...pieces.map((piece) => ({
        type: 'content_block_delta',
        index,
        delta: { type: `${type}_delta`, [type]: piece },
      })),
      { type: 'content_block_stop', index },
    ];
    const last = kind === 'text' ? [] : block(1, 'text', ['So']);
    return tell(compatible, [...block(0, kind, deltas), ...last, ...stopped]);
  },
  ollama(kind, deltas) {
    const member = kind === 'text' ? 'content' : 'thinking';
    const messages = [...deltas.map((delta) => ({ [member]: delta })), ...(kind === 'text' ? [] : [{ content: 'So' }])];
    const lines = messages.map((message) => ({ message: { role: 'assistant', ...message }, done: false }));
    const done = { message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop' };
    return tellStream(
      { dialect: 'ollama', model: 'm' },
      [...lines, done].map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
  },
};

const compatible = { dialect: 'anthropic', model: 'm', anthropicProfile: 'deepseek' } as const;
const stopped = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
];

const bothKinds = dialects.flatMap((dialect) =>
  (['text', 'thinking'] as const).map((kind) => [dialect, kind] as const),
);

describe.each(bothKinds)('of %s, deltas of %s', (dialect, kind) => {
  test.each<[name: string, deltas: readonly string[], expected: string]>([
    ['two', ['Hello', 'Hello world'], 'Hello world'],
    ['within words', ['Hel', 'Hello', 'Hello wor', 'Hello world'], 'Hello world'],
    ['after spaces', ['The ', 'The quick ', 'The quick brown ', 'The quick brown fox'], 'The quick brown fox'],
    ['that are empty at first', ['', 'Hello', '', 'Hello world', ''], 'Hello world'],
    ['one of them twice', ['Hello', 'Hello', 'Hello world', 'Hello world'], 'Hello world'],
    ['the last twice', ['I', 'I will', 'I will go', 'I will go'], 'I will go'],
    ['with quotes and line ends', ['Say "hi', 'Say "hi"\n', 'Say "hi"\nand go'], 'Say "hi"\nand go'],
    ['in Chinese', ['你好', '你好，世界', '你好，世界！', '你好，世界！我是'], '你好，世界！我是'],
    ['in Russian', ['Привет', 'Привет, мир'], 'Привет, мир'],
    ['that grow by few characters', ['r', 'ru', 'run ', 'run "', 'run "npm ', 'run "npm test"'], 'run "npm test"'],
    ['of emoji', ['Hi 😀', 'Hi 😀 there', 'Hi 😀 there 😀'], 'Hi 😀 there 😀'],
    ['the whole once more at the end', ['Hello', ' world', 'Hello world'], 'Hello world'],
    ['the whole twice more at the end', ['Hel', 'lo', ' world', 'Hello world', 'Hello world'], 'Hello world'],
    ['the whole once more, in Chinese', ['你好', '，世界', '你好，世界'], '你好，世界'],
    [
      'all in one piece, and once more',
      ['I looked, and so it is.', 'I looked, and so it is.'],
      'I looked, and so it is.',
    ],
  ])('that are the text so far are told once: %s', (_name, deltas, expected) => {
    expect(tellDeltas(dialect, kind, deltas)).toBe(expected);
  });

  test.each<[name: string, deltas: readonly string[]]>([
    ['a laugh', ['ha', 'haha']],
    ['a longer laugh', ['ha', 'haha', 'hahahaha']],
    ['a laugh that ends', ['ha', 'haha', 'haha!']],
    ['a song', ['la ', 'la la ', 'la la la']],
    ['a word said twice', ['very ', 'very good']],
    ['a word said often', ['very ', 'very very ', 'very very good']],
    ['a line said twice', ['All work and no play.\n', 'All work and no play.\n']],
    ['a line said three times', ['All work.\n', 'All work.\n', 'All work.\nNo play.']],
    ['lines that become longer', ['\n*', '\n**', '\n***', '\n****']],
    ['prefixes', [' a', ' ab', ' abc', ' abcd']],
    ['digits', ['1', '10', '100']],
    ['brackets', ['{', '{{', '{{{']],
    ['white space', ['\n', '\n\n', 'So']],
    ['a path', ['/data', '/data/data/com.acme']],
    ['a first piece that comes again and goes on', ['Hello', 'Hello world', ' and more']],
    ['a word of doubled syllables', ['mur', 'mur', 'ed']],
    ['thanks in Chinese', ['谢谢', '谢谢你']],
    ['a sentence in Chinese said twice', ['今天天气很好。', '今天天气很好。']],
    ['the whole once more in the middle', ['Echo ', 'test. ', 'Echo test. ', 'Echo.']],
  ])('that repeat themselves lose nothing: %s', (_name, deltas) => {
    expect(tellDeltas(dialect, kind, deltas)).toBe(deltas.join(''));
  });

  const word = fc.constantFrom(
    'a',
    'la',
    'no',
    'very',
    'Hello',
    'world',
    'good',
    'import x;',
    '你好',
    '- item',
    '😀',
    '"',
  );
  const space = fc.constantFrom(' ', '\n', ', ', '\n\n');
  const texts = fc
    .array(fc.tuple(word, space), { minLength: 1, maxLength: 14 })
    .map((pairs) => pairs.flat().join(''))
    .chain((text) => fc.constantFrom(text, text.trimEnd(), text.repeat(2), text.repeat(3), `${text}${text}!`));
  const inDeltas = (text: string, places: readonly number[]) => {
    const characters = Array.from(text);
    const cuts = [0, ...places.map((place) => place % characters.length), characters.length].toSorted((a, b) => a - b);
    return cuts.slice(1).map((cut, at) => characters.slice(cuts[at], cut).join(''));
  };

  test('never lose a part of a text that repeats itself, wherever it is cut', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(), { maxLength: 9 }), (text, places) => {
        fc.pre(text.trim() !== '');
        expect(tellDeltas(dialect, kind, inDeltas(text, places))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test('are told once if each is the text so far, wherever it is cut', () => {
    const sentences = fc
      .uniqueArray(
        fc.constantFrom('I look at the file', 'then', 'run "npm test"', 'fix what fails', 'as ever', 'do it'),
        {
          minLength: 3,
          maxLength: 6,
        },
      )
      .map((parts) => parts.join(', '));
    fc.assert(
      fc.property(sentences, fc.uniqueArray(fc.integer({ min: 1, max: 19 }), { minLength: 5 }), (text, places) => {
        const pieces = inDeltas(text, places);
        const wholes = pieces.map((_piece, at) => pieces.slice(0, at + 1).join(''));
        expect(tellDeltas(dialect, kind, wholes)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });
});

describe('deltas that are the whole answer so far', () => {
  test('go on after a call, and before it', () => {
    const deltas = ['Let', 'Let me', 'Let me look.'].map((content) => c({ content }));
    expect(tell(chat, [...deltas, c(bash), end])).toEqual(['text: Let me look.', `Bash ${ls}`]);
    expect(tell(chat, [...deltas, c(bash), c({ content: 'Let me look. So' }), end])).toEqual([
      'text: Let me look.',
      `Bash ${ls}`,
      'text:  So',
    ]);
  });

  test('hold reasoning and text', () => {
    const reasoning_content = 'I think, so I am.';
    const chunks = ['I think', 'I think, so', reasoning_content].map((thought) => c({ reasoning_content: thought }));
    const texts = ['Yes', 'Yes, you', 'Yes, you are'].map((content) => c({ reasoning_content, content }));
    expect(tell(chat, [...chunks, ...texts, end])).toEqual([`thinking: ${reasoning_content}`, 'text: Yes, you are']);
  });

  test('hold details of the reasoning, of which the last come back', () => {
    const thoughts = ['I think', 'I think, so', 'I think, so I am.'].map((text, at) =>
      c({ reasoning_details: [{ type: 'reasoning.text', text, ...(at === 2 ? { signature: 'sig' } : {}) }] }),
    );
    expect(tell(chat, [...thoughts, c({ content: 'So' }), end])).toEqual(['thinking: I think, so I am.', 'text: So']);
  });

  test('stream on once they are certain', () => {
    const words = Array.from({ length: 40 }, (_word, at) => `word${at}`);
    const chunks = words.map((_word, at) => c({ content: words.slice(0, at + 1).join(' ') }));
    expect(tell(chat, [...chunks, end])).toEqual([`text: ${words.join(' ')}`]);
    // The connection breaks in the middle of an answer, of which a part is lost.
    expect(tell(chat, [...chunks, c({ content: 'and more' }), end])).toEqual([]);
  });

  test('repeat text and calls in a chunk before the end', () => {
    const again = c({ content: 'Let me look into it.', ...calls({ index: 0, id: 'z', ...fn('Bash', ls) }) });
    expect(tell(chat, [c({ content: 'Let me ' }), c({ content: 'look into it.' }), c(bash), again, end])).toEqual([
      'text: Let me look into it.',
      `Bash ${ls}`,
    ]);
  });
});

describe('a delta and a message in one chunk', () => {
  const both = (part: object, more: object = {}) => ({ choices: [{ index: 0, delta: part, message: part, ...more }] });
  test.each<[name: string, parts: readonly object[], expected: readonly string[]]>([
    ['text', [{ content: 'Hel' }, { content: 'lo' }, { content: '' }], ['text: Hello']],
    ['text that repeats itself', [{ content: 'ha' }, { content: 'ha' }], ['text: haha']],
    [
      'reasoning',
      [{ reasoning_content: 'H' }, { reasoning_content: 'm' }, { content: 'So' }],
      ['thinking: Hm', 'text: So'],
    ],
    ['a call', [{ content: 'So' }, bash], ['text: So', `Bash ${ls}`]],
  ])('may both hold just that piece: %s', (_name, parts, expected) => {
    expect(tell(chat, [...parts.map((part) => both(part)), both({}, stop)])).toEqual(expected);
  });
});

describe('the start of a block of an Anthropic-compatible server', () => {
  const play = (type: Kind, start: string, deltas: readonly string[]) =>
    tell(compatible, [
      { type: 'content_block_start', index: 0, content_block: { type, [type]: start } },
      ...deltas.map((piece) => ({
        type: 'content_block_delta',
        index: 0,
        delta: { type: `${type}_delta`, [type]: piece },
      })),
      { type: 'content_block_stop', index: 0 },
      ...(type === 'text'
        ? []
        : [{ type: 'content_block_start', index: 1, content_block: { type: 'text', text: 'So' } }]),
      ...stopped,
    ])[0]?.replace(`${type}: `, '');

  test.each<[name: string, start: string, deltas: readonly string[], expected: string]>([
    ['all of it in one delta', 'Hello', ['Hello'], 'Hello'],
    ['all of it in pieces', 'Hello world', ['Hel', 'lo', ' world'], 'Hello world'],
    ['all of it, and more', 'Hello', ['Hel', 'lo', ' world'], 'Hello world'],
    ['all of it and more in one delta', 'Hello', ['Hello world'], 'Hello world'],
    ['a delta over its end', 'Hello', ['Hel', 'lo wor', 'ld'], 'Hello world'],
    ['the text so far each time', 'Hello', ['Hello wor', 'Hello world'], 'Hello world'],
    ['its end', 'Hel', ['lo', ' world'], 'Hello world'],
    ['a piece that begins alike', 'Hello', ['He', 'n'], 'HelloHen'],
    ['a laugh', 'ha', ['ha', 'ha'], 'hahaha'],
    ['a part of it alone', 'Hello', ['Hel'], 'HelloHel'],
    ['nothing', 'Hello', [], 'Hello'],
  ])('may hold text that its deltas repeat: %s', (_name, start, deltas, expected) => {
    expect(play('text', start, deltas)).toBe(expected);
    expect(play('thinking', start, deltas)).toBe(expected);
  });

  test('begins another text, however alike', () => {
    const open = (index: number, text: string) => ({
      type: 'content_block_start',
      index,
      content_block: { type: 'text', text },
    });
    const message = {
      type: 'message',
      content: [
        { type: 'text', text: 'Hello' },
        { type: 'text', text: 'Hello world' },
      ],
    };
    expect(tell(compatible, [open(0, 'Hello'), open(1, 'Hello world'), ...stopped])).toEqual([
      'text: HelloHello world',
    ]);
    expect(tellStream(compatible, JSON.stringify({ ...message, stop_reason: 'end_turn' }))).toEqual([
      'text: HelloHello world',
    ]);
  });
});
