/** One server-sent event as a browser would dispatch it. */
export interface CollectedFrame {
  /** The `event:` line, or an empty string. */
  readonly event: string;
  /** The `data:` lines joined by a line feed. */
  readonly data: string;
}

/**
 * Decodes a finished event stream by the WHATWG rules. Written apart from the product's decoder, so that a
 * shared mistake cannot hide. An unfinished last frame is not dispatched, as the standard has it.
 */
export function collectFrames(text: string): CollectedFrame[] {
  const frames: CollectedFrame[] = [];
  let event = '';
  let data: string[] = [];
  const lines = text.split(/\r\n|\r|\n/u);
  // What follows the last line end is an unfinished line.
  for (const line of lines.slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) frames.push({ event, data: data.join('\n') });
      event = '';
      data = [];
      continue;
    }
    const { field, value } = splitField(line);
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  return frames;
}

function splitField(line: string): { readonly field: string; readonly value: string } {
  const colon = line.indexOf(':');
  if (colon === -1) return { field: line, value: '' };
  const value = line.slice(colon + 1);
  return { field: line.slice(0, colon), value: value.startsWith(' ') ? value.slice(1) : value };
}
