import { z } from 'zod';

/** The rule of a text that may be left out. An empty variable counts as unset: compose files and charts cannot leave one out. */
export function optionalText() {
  return z
    .string()
    .optional()
    .transform((text) => (text === undefined || text.trim() === '' ? undefined : text.trim()));
}

/** The rule of a whole number within bounds, with what it is where it is left out. */
export function wholeNumber({ min = 0, max, unset }: { min?: number; max: number; unset: number }) {
  return optionalText()
    .transform((text) => (text === undefined ? unset : /^\d+$/u.test(text) ? Number(text) : Number.NaN))
    .refine((value) => value >= min && value <= max, { error: `must be a whole number from ${min} to ${max}` });
}

/** The rule of a comma list of names, in lower case. */
export function nameList() {
  return optionalText().transform((text) =>
    (text ?? '')
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== ''),
  );
}

/** The rule of a switch, with what it is where it is left out. */
export function onOrOff(unset: boolean) {
  return optionalText()
    .refine((text) => text === undefined || /^(?:true|false|1|0)$/iu.test(text), { error: 'must be true or false' })
    .transform((text) => (text === undefined ? unset : /^(?:true|1)$/iu.test(text)));
}

/** Whether a text is a URL to which a path can be appended. */
export function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash, username, password } = new URL(text);
  return /^https?:$/u.test(protocol) && [search, hash, username, password].every((part) => part === '');
}
