/** One event as a byte string. `dataJson` is JSON as a byte string, which has no line ends of its own. */
export function sseFrame(name: string, dataJson: string): string {
  return `event: ${name}\ndata: ${dataJson}\n\n`;
}
