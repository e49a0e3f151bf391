/** Removes secrets from what is written to a file. */
export interface SecretRemover {
  /** Text or bytes, as a byte string: one character per byte. */
  text(bytes: string): string;
  /** The same, with the lengths of the pieces that the bytes came in: a secret may lie across two of them. */
  pieces(bytes: string, lengths: readonly number[]): { readonly bytes: string; readonly lengths: readonly number[] };
  /** Without headers that carry a credential. */
  headers(headers: readonly (readonly [string, string])[]): [string, string][];
}

const removed = '[removed]';

/** The names of headers that are left out whatever they hold. */
const credentialHeader = /cookie|authori[sz]|authentic|credential|password|key|token|secret/iu;

/** These hold a URL that may be relative, so that nothing else tells its query. */
const urlHeader = /^(?:location|content-location|referer)$/iu;

/** One slash, ampersand or other character of a URL, as JSON may escape it. */
const inUrl = String.raw`[^\s"'<>\\?#]|\\+/`;
const inQuery = String.raw`[^\s"'<>\\]|\\+/|\\+u00(?:26|3[dD]|2[bB]|25)`;
/** A URL without a query matches too: nothing is looked at twice then. */
const url = new RegExp(String.raw`((?:https?|wss?):(?:\\*/){2}(?:${inUrl})+)([?#](?:${inQuery})+)?`, 'gu');

/**
 * Removes the given secrets wherever they stand, also escaped as in JSON or a URL and in base64, the queries and
 * fragments of URLs, and headers that carry credentials. Takes linear time, whatever a client or a provider sent.
 */
export function createSecretRemover(secrets: readonly string[]): SecretRemover {
  const known = [...new Set(secrets)].filter(isSecret);
  const patterns = known.map(patternOf);
  const encoded = known.flatMap(base64Of);

  /** The longest first: one secret may be the beginning of another. Few texts hold any in base64. */
  function secretsIn(bytes: string): RegExp | undefined {
    const all = [...patterns, ...encoded.filter((form) => bytes.includes(form)).map(literalOf)];
    if (all.length === 0) return undefined;
    return new RegExp(all.toSorted((a, b) => b.length - a.length).join('|'), 'gu');
  }

  function replaceIn(pieces: Pieces): Pieces {
    const pattern = secretsIn(pieces.bytes);
    const without = pattern === undefined ? pieces : replaceEach(pieces, pattern, () => removed);
    return replaceEach(without, url, (match, address, query) =>
      query === undefined ? match : `${address}?${removed}`,
    );
  }

  const text = (bytes: string) => replaceIn({ bytes, lengths: [] }).bytes;
  return {
    text,
    pieces: (bytes, lengths) => replaceIn({ bytes, lengths }),
    headers: (headers) =>
      headers.flatMap(([name, value]) => {
        if (credentialHeader.test(name)) return [];
        const kept = urlHeader.test(name) ? value.replace(/[?#].*$/su, `?${removed}`) : value;
        return [[name, text(kept)] as [string, string]];
      }),
  };
}

interface Pieces {
  readonly bytes: string;
  readonly lengths: readonly number[];
}

type Replace = (match: string, ...groups: readonly (string | undefined)[]) => string;

/** Replaces every match. A border of pieces that lies within one moves behind it. */
function replaceEach({ bytes, lengths }: Pieces, pattern: RegExp, replace: Replace): Pieces {
  const borders = bordersOf(lengths);
  const moved: number[] = [];
  let left = '';
  let at = 0;
  const moveUpTo = (end: number) => {
    for (let next = borders[moved.length]; next !== undefined && next <= end; next = borders[moved.length]) {
      moved.push(left.length + next - at);
    }
  };
  for (const match of bytes.matchAll(pattern)) {
    const [found, ...groups] = match;
    const end = match.index + found.length;
    moveUpTo(match.index);
    left += bytes.slice(at, match.index) + replace(found, ...groups);
    at = end;
    for (let next = borders[moved.length]; next !== undefined && next <= end; next = borders[moved.length]) {
      moved.push(left.length);
    }
  }
  moveUpTo(bytes.length);
  left += bytes.slice(at);
  return { bytes: left, lengths: moved.map((border, index) => border - (moved[index - 1] ?? 0)) };
}

function bordersOf(lengths: readonly number[]): number[] {
  let border = 0;
  return lengths.map((length) => (border += length));
}

/** Servers without credentials are given a word such as `none` or `ollama`. It would be found in every text. */
function isSecret(text: string): boolean {
  return text.length >= 8 || (text.length >= 5 && !/^(?:[a-z]+|\d+)$/iu.test(text));
}

/** Each character as itself, escaped in JSON once or more, or escaped in a URL. */
function patternOf(secret: string): string {
  return Array.from(secret, (character, index) => {
    const bytes = [...Buffer.from(character)];
    const literal = literalOf(String.fromCharCode(...bytes));
    // From the middle of a run of escapes there is nothing to find; the secret would be looked for from each of them.
    const escapes = index === 0 ? String.raw`(?<!\\)\\+` : String.raw`\\+`;
    const units = Array.from({ length: character.length }, (_, unit) => character.charCodeAt(unit));
    return `(?:${[
      literal,
      ...(/[a-z\d]/iu.test(character) ? [] : [escapes + literal]),
      units.map((unit, at) => `${at === 0 ? escapes : String.raw`\\+`}u${anyCase(hex(unit, 4))}`).join(''),
      bytes.map((byte) => `%${anyCase(hex(byte, 2))}`).join(''),
    ].join('|')})`;
  }).join('');
}

function literalOf(bytes: string): string {
  return Array.from(bytes, (byte) => String.raw`\x${hex(byte.charCodeAt(0), 2)}`).join('');
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function anyCase(digits: string): string {
  return digits.replaceAll(/[a-f]/gu, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** Shorter ones are found by chance. */
const encodedMinBytes = 12;

/** What base64 makes of a text depends on where in it the secret begins, and its ends on what stands beside it. */
function base64Of(secret: string): string[] {
  const bytes = Buffer.from(secret);
  if (bytes.length < encodedMinBytes) return [];
  const forms = (['base64', 'base64url'] as const).flatMap((encoding) =>
    [0, 1, 2].map((before) => {
      const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding);
      return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    }),
  );
  return [...new Set([...forms, ...forms.map((form) => form.replaceAll('/', String.raw`\/`))])];
}
