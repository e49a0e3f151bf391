import { CLOSE_BRACKET, COMMA, OPEN_BRACKET } from '../characters.ts';
import { createScan, refuse, skipValue, skipWhitespace } from './json-scan.ts';

/** The deepest nesting that is followed; brackets alone must not exhaust the stack. */
const depthMax = 512;

/**
 * Finds the elements of a JSON array, as stretches of the byte string. Throws `JsonDepthError`, or `JsonSyntaxError`, also
 * when the value is no array.
 */
export function readElements(source: string): readonly { readonly start: number; readonly end: number }[] {
  const scan = createScan(source, depthMax);
  const elements: { start: number; end: number }[] = [];
  if (skipWhitespace(scan) !== OPEN_BRACKET) refuse(scan, 'Expected an array');
  scan.position += 1;
  let code = skipWhitespace(scan);
  while (code !== CLOSE_BRACKET) {
    const start = scan.position;
    skipValue(scan, code);
    elements.push({ start, end: scan.position });
    code = skipWhitespace(scan);
    if (code !== COMMA && code !== CLOSE_BRACKET) refuse(scan, 'Expected a comma or the end of the array');
    if (code !== COMMA) continue;
    scan.position += 1;
    code = skipWhitespace(scan);
  }
  return elements;
}
