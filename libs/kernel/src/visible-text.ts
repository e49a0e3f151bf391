/** Controls, formats such as a change of direction, separators other than a space, and halves of a character. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;
const allHidden = new RegExp(hidden, 'gu');

/**
 * A text of somebody else for a terminal: what would move its cursor, change its colours or hide what stands there is written
 * as in JSON, `\u001b`.
 */
export function escapeHidden(text: string): string {
  return text.replaceAll(allHidden, unitsOf);
}

/**
 * A text of somebody else as people can read it, search it and tell it from another one: with hidden characters as in JSON,
 * `\u001b`, and a backslash doubled, so that no two texts become the same. It ends after `maxLength` characters, never within
 * an escape or a character.
 */
export function visibleText(text: string, maxLength: number): string {
  const isCut = text.length > maxLength;
  const head = isCut ? text.slice(0, isPairAt(text, maxLength - 1) ? maxLength - 1 : maxLength) : text;
  // Nearly every text; it may be on the way of a request.
  if (/^[\x20-\x5B\x5D-\x7E]*$/u.test(head)) return head;
  let visible = '';
  for (const character of head) {
    const shown = hidden.test(character) ? unitsOf(character) : character === '\\' ? '\\\\' : character;
    if (visible.length + shown.length > maxLength) break;
    visible += shown;
  }
  return visible;
}

/** Whether both halves of one character stand there. */
function isPairAt(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff;
}

/** A character beyond the first 65,536 has two. */
function unitsOf(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
