export const plainTextMaxLength = 200;
export const plainTextMessage = `must have 1 to ${plainTextMaxLength} characters, none of them a control or an invisible character`;

/**
 * Why people cannot be shown a text as a name: it must not look like another one, or change what stands around it. Half of
 * a surrogate pair, which Redis cannot read, is refused with it.
 */
export function nameFault(text: string): string | undefined {
  if (text === '' || text.length > plainTextMaxLength) return plainTextMessage;
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.test(text)) return plainTextMessage;
  if (text.trim() !== text) return 'must not begin or end with a space';
  return text.normalize() === text ? undefined : 'must be Unicode in the form NFC. Type it anew instead of pasting it';
}

export const timeZoneMessage = 'must be a time zone such as Europe/Berlin or UTC';

/** Whether a text is the name of a time zone. JavaScript takes an offset for one, which knows no summer time. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z][\w+/-]{0,63}$/u.test(text)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
