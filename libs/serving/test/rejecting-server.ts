import { jsonAt, jsonScript, playModel, say } from '@ccg/testkit';
import type { RecordedRequest, Script } from '@ccg/testkit';
import { run, startServingRig } from './serving-rig.ts';
import type { Finished, ServingRig } from './serving-rig.ts';

let rig: ServingRig | undefined;

export async function closeServer(): Promise<void> {
  await rig?.close();
  rig = undefined;
}

const answer = playModel(Array.from({ length: 12 }, () => ({ content: [say('Well.')] })));
export const chat = { provider: 'openai', model: 'some-model' };
export const compatible = { provider: 'anthropic', model: 'some-model' };
export const ollama = { provider: 'ollama', model: 'some-model' };

type Change = Readonly<Record<string, unknown>>;
interface Server {
  readonly prefix?: typeof chat;
  /** What the server says of a request that it rejects. */
  rejects(body: unknown, request: RecordedRequest): Script | undefined;
}

/** A server that rejects what `rejects` says, behind a gateway that learns from it. */
export async function start({ prefix = chat, rejects }: Server) {
  const started = await startServingRig({ anthropicProfile: 'glm' });
  rig = started;
  started.upstream.play((request) =>
    request.path === '/api/show' ? answer(request) : (rejects(request.json(), request) ?? answer(request)),
  );
  const ask = async (change: Change, model = prefix.model) => {
    const before = started.upstream.requests.length;
    const finished = await run(started, { prefix: { ...prefix, model }, change });
    const asked = started.upstream.requests.slice(before).filter(({ path }) => path !== '/api/show');
    return { ...finished, sent: asked.map((request) => request.json()) };
  };
  const learned = async () => {
    const { text } = await started.metrics.expose();
    return text.split('\n').filter((line) => line.startsWith('ccg_learned_rejections{'));
  };
  return { ask, learned, clock: started.clock };
}

export const gauge = (kind: string, count: number, provider = 'openai') =>
  `ccg_learned_rejections{provider="${provider}",kind="${kind}"} ${count}`;
export const rejection = (message: string, more: Change = {}, status = 400) =>
  jsonScript(status, { error: { message, type: 'invalid_request_error', ...more } });
export const warned = ({ record }: Finished) => record.warnings.map(({ field, code }) => `${field} ${code}`);
export const has = (body: unknown, ...path: readonly string[]) => jsonAt(body, ...path) !== undefined;
export const hourMs = 60 * 60 * 1000;

export const thinking = { thinking: { type: 'adaptive' } };
export const tools = [
  { name: 'Bash', input_schema: { type: 'object', properties: { word: { type: 'string', pattern: '^[a-z]+$' } } } },
];
