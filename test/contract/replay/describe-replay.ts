import type { Verdict } from './judge.ts';
import type { ReadExchange, RecordedCall } from './read-exchange.ts';
import type { Replayed } from './replay-exchange.ts';

/** What a replay showed, for a person: what went upstream, what the client got, and the verdict. */
export function describeReplay(exchange: ReadExchange, replayed: Replayed, verdict: Verdict): string {
  const { file, target, calls } = exchange;
  const { sent, client, record } = replayed;
  const { dialect, provider } = target;
  const { outcome: before } = file;
  return [
    `Target    ${target.key} (${[dialect, ...('profile' in provider ? [provider.profile] : [])].join(', ')}) at ${provider.baseUrl}`,
    ...(before === undefined ? [] : [`Then      ${[before.outcome, before.end, before.error].join(' ').trim()}`]),
    `Now       ${record.outcome} ${record.end.kind}`,
    ...sent.flatMap((body, index) => describeCall(index, body, calls[index])),
    ...(sent.length < calls.length
      ? ['', `The recording has ${calls.length} calls; ${sent.length} were made now.`]
      : []),
    '',
    `Client got status ${client.status}`,
    ...Object.entries(client.headers).map(([name, value]) => `  ${name}: ${value}`),
    '',
    client.text.trimEnd(),
    '',
    `Verdict   ${verdict.isGood ? 'good' : 'BAD'}: ${verdict.text}`,
    '',
  ].join('\n');
}

function describeCall(index: number, body: Uint8Array, recorded: RecordedCall | undefined): string[] {
  return [
    '',
    `Call ${index + 1} sent upstream`,
    indented(Buffer.from(body).toString('utf8')),
    ...differences(body, recorded?.sent),
    recorded === undefined ? 'and the recording has no answer to it' : describeAnswer(recorded),
  ];
}

function describeAnswer({ status, headers, chunks, end }: RecordedCall): string {
  if (status === undefined) return `and got no answer: ${end}`;
  const bytes = chunks.reduce((total, chunk) => total + chunk.length, 0);
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? 'no content-type';
  return `and got status ${status}, ${type}, ${bytes} bytes in ${chunks.length} pieces, end: ${end}`;
}

/** The members of the body that are not what they were when the exchange was recorded. */
function differences(body: Uint8Array, before: Uint8Array | undefined): string[] {
  const [now, then] = [membersOf(body), before === undefined ? undefined : membersOf(before)];
  if (now === undefined || then === undefined) return [];
  const names = [...new Set([...now.keys(), ...then.keys()])].filter((name) => now.get(name) !== then.get(name));
  return names.length === 0 ? [] : [`(not as it was sent then: ${names.join(', ')})`];
}

function membersOf(body: Uint8Array): ReadonlyMap<string, string> | undefined {
  const value = jsonOf(Buffer.from(body).toString('utf8'));
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map(Object.entries(value).map(([name, member]) => [name, JSON.stringify(member)]));
}

function indented(text: string): string {
  const value = jsonOf(text);
  return value === undefined ? text : JSON.stringify(value, null, 2);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
