/** The last id of a stream before another; empty before the first. */
export function idBefore(streamId: string): string {
  const [time = '0', sequence = '0'] = streamId.split('-');
  if (sequence !== '0') return `${time}-${Number(sequence) - 1}`;
  return time === '0' ? '' : String(Number(time) - 1);
}
