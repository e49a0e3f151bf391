import { expect, test } from 'vitest';
import { isTimeZone, nameFault, plainTextMessage } from './plain-text.ts';

test.each(['ada', 'Grace Hopper', 'José', '山田', "O'Neill (ops)", 'x'.repeat(200)])('%s is a name', (text) => {
  expect(nameFault(text)).toBeUndefined();
});

test.each([
  ['nothing', ''],
  ['too much', 'x'.repeat(201)],
  ['a control character', 'a\u0000'],
  ['a new line', 'a\nb'],
  ['a line separator', 'a\u2028b'],
  ['what turns the direction', 'a\u202eb'],
  ['a mark of direction', 'a\u200fb'],
  ['a space without width', 'a\u200bb'],
  ['a joiner without width', 'a\u200db'],
  ['a byte order mark', '\ufeffada'],
  ['a soft hyphen', 'a\u00adda'],
  ['a filler that looks like nothing', 'ada\u3164'],
  ['an invisible tag', 'ada\u{e0041}'],
  ['half a surrogate pair', 'a\ud800'],
])('a name with %s is refused', (_what, text) => {
  expect(nameFault(text)).toBe(plainTextMessage);
});

test.each([' ada', 'ada ', 'ada\u00a0'])('a name with a space at its end is refused: "%s"', (text) => {
  expect(nameFault(text)).toBe('must not begin or end with a space');
});

test('a name that is written in another form than its twin is refused', () => {
  expect(nameFault('Jose\u0301')).toBe('must be Unicode in the form NFC. Type it anew instead of pasting it');
});

test.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'Asia/Kolkata'])(
  '%s is a time zone',
  (text) => expect(isTimeZone(text)).toBe(true),
);

test.each(['', 'Berlin', '+02:00', 'UTC+2', 'Europe/Berlin ', '../etc/passwd', 'x'.repeat(100)])(
  '"%s" is no time zone',
  (text) => expect(isTimeZone(text)).toBe(false),
);
