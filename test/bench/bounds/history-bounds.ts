import { playModel, say } from '@ccg/testkit';
import type { Suite } from '../../acceptance/support/start-suite.ts';
import type { BoundFigure } from './bound-figure.ts';
import { createProse } from '../payload/prose.ts';

/** What a body may cost the gateway: so much for each message or block, and so much for each MB. */
const microsecondsPerElement = 10;
const millisecondsPerMegabyte = 25;
/** For how long one body may keep everybody else waiting. */
const heldMaxMs = 50;
/** How often a body is sent before it is measured, and while it is. */
const warmUps = 8;
const measured = 8;
/** What the gauge of the event loop's lag shows when nothing holds it: the resolution of its timer. */
const idleLagMs = 10;

interface HistoryCase {
  readonly what: string;
  readonly elements: number;
  readonly messages: unknown;
  readonly status: 200 | 400;
}

const text = { type: 'text', text: 'x' };
const user = { role: 'user', content: 'x' };
const many = <Element>(length: number, of: Element): Element[] => Array.from({ length }, () => of);
const prose = { type: 'text', text: createProse(1).text(80_000) };

const accepted: readonly HistoryCase[] = [
  { what: '10,000 messages', elements: 10_000, messages: many(10_000, user), status: 200 },
  { what: '20,000 blocks', elements: 20_000, messages: [{ role: 'user', content: many(20_000, text) }], status: 200 },
  { what: '8 MB of prose', elements: 101, messages: [{ role: 'user', content: many(100, prose) }], status: 200 },
];
const refused: readonly HistoryCase[] = [
  { what: '40,000 messages', elements: 40_000, messages: many(40_000, user), status: 400 },
  {
    what: '300,000 blocks',
    elements: 300_000,
    messages: [{ role: 'user', content: many(300_000, text) }],
    status: 400,
  },
];
const paths = [
  { how: 'translated', path: '/openai:gpt-4.1/v1/messages' },
  { how: 'translated with turns that alternate', path: '/openai:mistral-large/v1/messages' },
  { how: 'counted', path: '/openai:gpt-4.1/v1/messages/count_tokens' },
  { how: 'passed through', path: '/anthropic:claude-opus-5-5/v1/messages' },
];

/** Bodies at the bounds that are not of the history. */
const members = (length: number, of: unknown) =>
  Object.fromEntries(Array.from({ length }, (_, index) => [`property_${index}`, of]));
const tool = (name: string, properties: number) => ({
  name,
  input_schema: { type: 'object', properties: members(properties, { type: 'string' }) },
});
const tools = (length: number, properties = 2) =>
  Array.from({ length }, (_, index) => tool(`tool_${index}`, properties));
const pairs = Array.from({ length: 4999 }, (_, index) => [
  { role: 'assistant', content: [{ type: 'tool_use', id: `toolu_${index}`, name: 'a', input: { a: 1 } }] },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: `toolu_${index}`, content: 'x' }] },
]).flat();
const callWith = (input: unknown) => [
  user,
  { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'a', input }] },
];
const formatOf = (schema: object) => ({ output_config: { format: { type: 'json_schema', schema } } });
const userSays = (content: unknown) => [{ role: 'user', content }];
/** A body with so many bytes more, written as they are, in the place of a value or behind one. */
const withText = (text: string) => `{"model":"m","max_tokens":64,"messages":[{"role":"user","content":"x"${text}}]}`;
const otherBodies: readonly {
  readonly what: string;
  readonly body: object | string;
  readonly status: 200 | 400;
}[] = [
  { what: '2,000 tools', body: { tools: tools(2000) }, status: 200 },
  { what: '9,999 messages of calls and results', body: { messages: [user, ...pairs] }, status: 200 },
  { what: 'an input of 199,000 values', body: { messages: callWith(members(199_000, 1)) }, status: 200 },
  { what: 'a schema of 49,000 properties', body: { tools: [tool('a', 49_000)] }, status: 200 },
  { what: '1,900 tools of 50 values', body: { tools: tools(1900, 22) }, status: 200 },
  { what: 'an output format of 900 properties', body: formatOf(tool('a', 900).input_schema), status: 200 },
  { what: 'an output format of 19,900 values', body: formatOf({ enum: many(19_900, 'x') }), status: 200 },
  { what: '7 MB of a tool', body: { tools: [{ ...tool('a', 2), description: prose.text.repeat(87) }] }, status: 200 },
  { what: '8 MB of escapes', body: { messages: userSays('\n"\\'.repeat(1_333_333)) }, status: 200 },
  { what: '8 MB of escaped pairs', body: withText(`,"x":"${'\\ud83d\\ude00'.repeat(666_666)}"`), status: 200 },
  { what: '8 MB of halves of pairs', body: withText(`,"x":"${'\\ud83d'.repeat(1_333_333)}"`), status: 200 },
  { what: '8 MB of white space', body: withText(' '.repeat(8_000_000)), status: 200 },
  { what: 'a schema of 99,000 properties', body: { tools: [tool('a', 99_000)] }, status: 400 },
  { what: 'an output format of 199,000 values', body: formatOf({ enum: many(199_000, 'x') }), status: 400 },
  { what: '10 MB of a tool', body: { tools: [{ ...tool('a', 2), description: prose.text.repeat(125) }] }, status: 400 },
  { what: 'an unknown member of 199,000 values', body: { unknown: members(199_000, 1) }, status: 400 },
  { what: 'metadata of 190,000 values', body: { metadata: members(190_000, 1) }, status: 400 },
  { what: 'a message of 180,000 members', body: { messages: [{ ...user, ...members(180_000, 1) }] }, status: 400 },
  { what: 'a number of 8 MB', body: withText(`,"x":${'1'.repeat(8_000_000)}`), status: 400 },
  { what: 'a name of 8 MB', body: withText(`,"${'\\"'.repeat(4_000_000)}":1`), status: 400 },
  { what: '100,000 tools', body: { tools: tools(100_000) }, status: 400 },
  { what: 'an input of 300,000 values', body: { messages: callWith(members(300_000, 1)) }, status: 400 },
  { what: '300,000 unknown members', body: members(300_000, 1), status: 400 },
];

/** The figures of bodies that are many things instead of long ones, at a gateway whose limit they do not reach. */
export function historyFigures(suite: Suite): readonly BoundFigure[] {
  const cpu = accepted.flatMap((history) =>
    paths.map(({ how, path }) => {
      const body = bodyOf(history);
      const megabytes = body.length / 1e6;
      return {
        what: `CPU of the gateway for ${history.what}, ${how}`,
        boundMs: (history.elements * microsecondsPerElement) / 1000 + megabytes * millisecondsPerMegabyte,
        per: { count: history.elements, megabytes },
        measure: async () => (await send(suite, path, body, history.status)).cpuMs,
      };
    }),
  );
  const held = [...accepted.filter(({ elements }) => elements > 1000), ...refused].flatMap((history) =>
    paths
      .filter(({ how }) => history.status === 200 || how === 'translated' || how === 'counted')
      .map(({ how, path }) => ({
        what: `event loop held by ${history.what}, ${history.status === 200 ? how : `refused when ${how}`}`,
        boundMs: heldMaxMs,
        measure: async () => (await send(suite, path, bodyOf(history), history.status)).heldMs,
      })),
  );
  const others = otherBodies.flatMap(({ what, body, status }) => {
    const bytes = typeof body === 'string' ? Buffer.from(body) : bytesOf(body);
    return paths
      .filter(({ how }) => how === 'translated' || how === 'counted')
      .map(({ how, path }) => ({
        what: `event loop held by ${what}, ${status === 200 ? how : `refused when ${how}`}`,
        boundMs: Math.max(heldMaxMs, (bytes.length / 1e6) * millisecondsPerMegabyte),
        measure: async () => (await send(suite, path, bytes, status)).heldMs,
      }));
  });
  return [...cpu, ...held, ...others];
}

function bodyOf({ messages }: HistoryCase): Buffer {
  return bytesOf({ messages });
}

function bytesOf(change: object): Buffer {
  return Buffer.from(JSON.stringify({ model: 'm', max_tokens: 64, messages: [user], ...change }));
}

interface Cost {
  readonly cpuMs: number;
  readonly heldMs: number;
}

async function send(suite: Suite, path: string, body: Buffer, status: number): Promise<Cost> {
  suite.upstream.reset();
  suite.upstream.play(playModel(many(5001, { content: [say('fine')] })));
  for (let sent = 0; sent < warmUps; sent += 1) await post(suite, path, body, status);
  const before = await gauges(suite);
  for (let sent = 0; sent < measured; sent += 1) await post(suite, path, body, status);
  const after = await gauges(suite);
  return {
    cpuMs: ((after.cpuSeconds - before.cpuSeconds) * 1000) / measured,
    heldMs: Math.max(0, after.lagMaxSeconds * 1000 - idleLagMs),
  };
}

async function post({ gateway, apiKey }: Suite, path: string, body: Buffer, status: number): Promise<void> {
  const answer = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
    body,
  });
  if (answer.status !== status) throw new Error(`The answer was ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}

/** The gateway's own gauges; reading them begins the search for the longest lag anew. */
async function gauges({ gateway }: Suite): Promise<{ readonly cpuSeconds: number; readonly lagMaxSeconds: number }> {
  const metrics = await (await fetch(`${gateway.opsUrl}/metrics`)).text();
  const gauge = (name: string) =>
    Number(new RegExp(`^ccg_${name} (?<value>\\S+)$`, 'mu').exec(metrics)?.groups?.['value']);
  return { cpuSeconds: gauge('process_cpu_seconds_total'), lagMaxSeconds: gauge('nodejs_eventloop_lag_max_seconds') };
}
