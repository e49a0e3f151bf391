/** How far the JSON text of a tool call's arguments has come. */
export interface InputScan {
  /** The first character that is not white space; empty while there is none. */
  first: string;
  depth: number;
  inString: boolean;
  escaped: boolean;
  /** White space in a row, outside strings. */
  blanks: number;
  /** Whether the outermost brackets or quotes have closed again. */
  complete: boolean;
  /** Whether something impossible came: more after the end, a closing bracket too many, endless white space. */
  broken: boolean;
}

/** Models in a loop emit white space between tokens for ever. */
const blanksMax = 500;

export function newInputScan(): InputScan {
  return { first: '', depth: 0, inString: false, escaped: false, blanks: 0, complete: false, broken: false };
}

/** Follows the brackets and quotes of the next piece of JSON text; bytes above ASCII only occur inside strings. */
export function scanInput(scan: InputScan, text: string): void {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (scan.inString) scanInString(scan, code);
    else scanBetween(scan, code);
  }
}

function scanInString(scan: InputScan, code: number): void {
  if (scan.escaped) scan.escaped = false;
  else if (code === 0x5c) scan.escaped = true;
  else if (code === 0x22) {
    scan.inString = false;
    if (scan.depth === 0) scan.complete = true;
  }
}

function scanBetween(scan: InputScan, code: number): void {
  if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
    scan.blanks += 1;
    if (scan.blanks > blanksMax) scan.broken = true;
    return;
  }
  scan.blanks = 0;
  if (scan.first === '') scan.first = String.fromCharCode(code);
  if (scan.complete) scan.broken = true;
  if (code === 0x22) scan.inString = true;
  else if (code === 0x7b || code === 0x5b) scan.depth += 1;
  else if (code === 0x7d || code === 0x5d) {
    scan.depth -= 1;
    if (scan.depth === 0) scan.complete = true;
    if (scan.depth < 0) scan.broken = true;
  }
}
