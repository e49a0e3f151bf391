import { BACKSLASH, QUOTE } from '../bytes.ts';

/** Valid JSON, a byte string, without the white space between its tokens. It is not parsed. */
export function compactJson(json: string): string {
  let compact = '';
  let from = 0;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at);
    else if (code <= 0x20) {
      compact += json.slice(from, at);
      from = at + 1;
    }
  }
  return from === 0 ? json : compact + json.slice(from);
}

/** The offset of the quote that closes the one at `open`. */
function endOfString(json: string, open: number): number {
  for (let at = json.indexOf('"', open + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let first = at;
    while (json.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    if ((at - first) % 2 === 0) return at;
  }
  return json.length;
}
