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
const urlWithQuery = String.raw`((?:https?|wss?):(?:\\*/){2}(?:${inUrl})+)[?#](?:${inQuery})+`;

/**
 * Removes the given secrets wherever they stand, also escaped as in JSON or a URL and in base64, the queries and
 * fragments of URLs, and headers that carry credentials.
 */
export function createSecretRemover(secrets: readonly string[]): SecretRemover {
  const forms = [...new Set(secrets)].filter(isSecret).flatMap(patternsOf);
  // The longest first: one secret may be the beginning of another.
  const pattern = new RegExp([...forms.toSorted((a, b) => b.length - a.length), urlWithQuery].join('|'), 'gu');

  function replaceEach(bytes: string, onReplaced: (at: number, length: number, by: string) => void): string {
    return bytes.replace(pattern, (match: string, ...groups: readonly unknown[]) => {
      const [url] = groups;
      const at = groups.find((group) => typeof group === 'number');
      const by = typeof url === 'string' ? `${withoutSecrets(url)}?${removed}` : removed;
      onReplaced(at ?? 0, match.length, by);
      return by;
    });
  }

  /** A URL is one match, so secrets in its path are looked for apart. */
  function withoutSecrets(url: string): string {
    return forms.length === 0 ? url : url.replaceAll(new RegExp(forms.join('|'), 'gu'), removed);
  }

  const text = (bytes: string) => replaceEach(bytes, () => undefined);
  return {
    text,
    pieces(bytes, lengths) {
      const borders = bordersOf(lengths);
      const moved = [...borders];
      let shift = 0;
      const replaced = replaceEach(bytes, (at, length, by) => {
        for (const [index, border] of borders.entries()) {
          // A border within a secret moves behind it.
          if (border > at) moved[index] = Math.max(border, at + length) + shift + by.length - length;
        }
        shift += by.length - length;
      });
      return { bytes: replaced, lengths: moved.map((border, index) => border - (moved[index - 1] ?? 0)) };
    },
    headers: (headers) =>
      headers.flatMap(([name, value]) => {
        if (credentialHeader.test(name)) return [];
        const url = urlHeader.test(name) ? value.replace(/[?#].*$/su, `?${removed}`) : value;
        return [[name, text(url)] as [string, string]];
      }),
  };
}

function bordersOf(lengths: readonly number[]): number[] {
  let border = 0;
  return lengths.map((length) => (border += length));
}

/** Servers without credentials are given a word such as `none` or `ollama`. It would be found in every text. */
function isSecret(text: string): boolean {
  return text.length >= 8 || (text.length >= 5 && !/^(?:[a-z]+|\d+)$/iu.test(text));
}

function patternsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const shortest = 12;
  return [patternOf(secret), ...(bytes.length < shortest ? [] : base64Of(bytes).map(patternOf))];
}

/** Each character as itself, escaped in JSON once or more, or escaped in a URL. */
function patternOf(secret: string): string {
  return Array.from(secret, (character) => {
    const bytes = [...Buffer.from(character)];
    const literal = bytes.map((byte) => String.raw`\x${hex(byte, 2)}`).join('');
    const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
    const inJson = units.map((unit) => String.raw`\\+u${anyCase(hex(unit, 4))}`).join('');
    const percent = bytes.map((byte) => `%${anyCase(hex(byte, 2))}`).join('');
    return String.raw`(?:${/[a-z\d]/iu.test(character) ? '' : String.raw`\\*`}${literal}|${inJson}|${percent})`;
  }).join('');
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function anyCase(digits: string): string {
  return digits.replaceAll(/[a-f]/gu, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** What base64 makes of a text depends on where in it the secret begins, and its ends on what stands beside it. */
function base64Of(bytes: Uint8Array): string[] {
  return (['base64', 'base64url'] as const).flatMap((encoding) =>
    [0, 1, 2].map((before) => {
      const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding);
      return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    }),
  );
}
