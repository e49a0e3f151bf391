/** One line of CSV (RFC 4180): what an item has of the columns. */
export function csvLine(columns: readonly string[], item: unknown): string {
  const fields = new Map<string, unknown>(Object.entries(Object(item) as object));
  return `${columns.map((column) => cellOf(fields.get(column))).join(',')}\r\n`;
}

/** A text that spreadsheets would take for a formula gets an apostrophe in front, which they take for text. */
function cellOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') return JSON.stringify(value);
  // One line for each item, whatever a client called its model.
  const text = value.replaceAll(/\p{Cc}/gu, ' ');
  const harmless = /^\s*[=+\-@＝＋－＠]/u.test(text) ? `'${text}` : text;
  return /[",']|^\s|\s$/u.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
