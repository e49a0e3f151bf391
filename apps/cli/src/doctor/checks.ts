import { createSseDecoder } from '@ccg/wire';
import type { Cli } from '../cli.ts';
import { printable } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { bodyOf, call, explainNetworkError } from '../http/call.ts';
import { modelInUrl } from '../http/connection.ts';
import type { Credential, Place } from '../http/connection.ts';
import { askGateway, notTheGateway, readGatewayAnswer } from '../http/gateway-client.ts';
import type { GatewayAnswer } from '../http/gateway-client.ts';
import { jsonAt, listAt, parseJson, textAt } from '../json.ts';
import { createStreamCheck } from './stream-check.ts';
import type { StreamVerdict } from './stream-check.ts';

/** What is examined: where a developer's Claude Code would go, with what, for which model. */
interface Patient {
  /** Throws a CliError where the environment names no usable URL. */
  place(this: void): Place;
  /** Throws a CliError where there is none. */
  credential(this: void): Credential;
  readonly model: string;
}

/** Each throws a CliError that names the fault and its remedy, and gives what it has found. */
type Check = (cli: Cli, patient: Patient) => Promise<string>;

/** In the order in which a request meets them: the first fault explains those behind it. */
export const checks: readonly (readonly [name: string, check: Check])[] = [
  ['base URL', checkBaseUrl],
  ['credential', checkCredential],
  ['model', checkModel],
  ['request', checkRequest],
];

async function checkBaseUrl(cli: Cli, patient: Patient): Promise<string> {
  const place = patient.place();
  const answer = await askGateway(cli, place, '/api/hello');
  if (answer.kind === 'document' && textAt(answer.document, 'message') === 'Claude Code Proxy') return place.url;
  if (answer.kind === 'error') {
    throw new CliError('refused', `${place.url} is a gateway and refuses this path: ${answer.message}`, [
      `Set ${place.variable} to the address of the gateway, with nothing or with /{provider}:{model} behind it.`,
    ]);
  }
  throw notTheGateway({ status: 200, type: 'something else', ...answer }, place);
}

async function checkCredential(cli: Cli, patient: Patient): Promise<string> {
  const [place, credential] = [patient.place(), patient.credential()];
  const answer = await askGateway(cli, place, '/v1/models?limit=1000', credential);
  switch (answer.kind) {
    case 'document': {
      const count = listAt(answer.document, 'data').length;
      return `${credential.from} is accepted; ${count} ${count === 1 ? 'model is' : 'models are'} listed for it`;
    }
    case 'foreign':
      throw notTheGateway(answer, place);
    case 'error':
      throw refusal(answer, [
        `The credential came from ${credential.from}.`,
        ...(answer.status === 401
          ? [
              'It must be an API key of this gateway (ccg keys create) or a token of an issuer that it trusts. An operator token works at the admin API alone.',
            ]
          : []),
      ]);
  }
}

async function checkModel(cli: Cli, patient: Patient): Promise<string> {
  const [place, credential] = [patient.place(), patient.credential()];
  const name = modelInUrl(place) ?? patient.model;
  const answer = await askGateway(cli, place, `/v1/models/${encodeURI(name)}`, credential);
  switch (answer.kind) {
    case 'document': {
      const window = jsonAt(answer.document, 'max_input_tokens');
      const known = typeof window === 'number' ? `a window of ${window} tokens` : 'its window is not known';
      return printable(`${name} is ${textAt(answer.document, 'display_name') ?? 'known'}, ${known}`);
    }
    case 'foreign':
      throw notTheGateway(answer, place);
    case 'error':
      throw refusal(answer, [
        '`ccg models` lists what you may use. Choose with ANTHROPIC_MODEL, or `ccg setup --model`.',
      ]);
  }
}

function refusal(answer: GatewayAnswer & { readonly kind: 'error' }, details: readonly string[]): CliError {
  return new CliError(answer.status >= 502 ? 'unreachable' : 'refused', answer.message, details);
}

/** Long enough for a model that must be loaded first. */
const streamTimeoutMs = 120_000;

async function checkRequest(cli: Cli, patient: Patient): Promise<string> {
  const [place, credential] = [patient.place(), patient.credential()];
  const { model } = patient;
  const body = { model, max_tokens: 64, stream: true, messages: [{ role: 'user', content: 'Say OK.' }] };
  const startedAtMs = cli.nowMs();
  const answer = await call(cli, {
    place,
    method: 'POST',
    path: '/v1/messages',
    credential,
    body,
    headers: { 'anthropic-version': '2023-06-01' },
    timeoutMs: streamTimeoutMs,
  });
  const requestId = printable(answer.headers.get('request-id') ?? 'unknown');
  const type = answer.headers.get('content-type') ?? '';
  if (!answer.ok || !type.startsWith('text/event-stream')) return await explainNoStream(answer, place, requestId);
  const { verdict, firstEventMs } = await readStream(answer, place, () => cli.nowMs() - startedAtMs);
  switch (verdict.kind) {
    case 'whole': {
      const totalMs = cli.nowMs() - startedAtMs;
      return printable(
        `${verdict.model} streamed ${verdict.outputTokens} tokens: first event after ${firstEventMs} ms, all in ${totalMs} ms`,
      );
    }
    case 'failed':
      throw new CliError('refused', printable(verdict.message), [logHint(requestId)]);
    case 'broken':
      throw new CliError('refused', verdict.message, [
        `A proxy in between may have cut or changed it. ${logHint(requestId)}`,
      ]);
  }
}

async function explainNoStream(answer: Response, place: Place, requestId: string): Promise<never> {
  if (!answer.ok) {
    const read = await readGatewayAnswer(answer, place);
    if (read.kind === 'error') throw refusal(read, [logHint(requestId)]);
    throw notTheGateway({ status: answer.status, type: answer.headers.get('content-type') ?? 'no type' }, place);
  }
  await bodyOf(answer, place);
  throw new CliError('refused', 'The answer to a request for a stream is no event stream.', [
    `Something between here and the gateway changes answers. ${logHint(requestId)}`,
  ]);
}

function logHint(requestId: string): string {
  return `The gateway's log has more, at the request ${requestId}.`;
}

async function readStream(
  answer: Response,
  place: Place,
  elapsedMs: () => number,
): Promise<{ readonly verdict: StreamVerdict; readonly firstEventMs: number }> {
  const check = createStreamCheck();
  let firstEventMs: number | undefined;
  const decoder = createSseDecoder(({ name, data }) => {
    firstEventMs ??= elapsedMs();
    check.take(name, parseJson(Buffer.from(data, 'latin1').toString('utf8')));
  });
  try {
    for await (const bytes of answer.body ?? []) decoder.push(bytes);
  } catch (thrown) {
    const cut = check.end();
    if (cut.kind !== 'broken') throw explainNetworkError(thrown, place);
    return { verdict: { kind: 'broken', message: `The connection broke. ${cut.message}` }, firstEventMs: 0 };
  }
  decoder.end();
  return { verdict: check.end(), firstEventMs: firstEventMs ?? elapsedMs() };
}
