import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  anthropicFrame,
  anthropicFrames,
  anthropicScript,
  anthropicSseHead,
  cut,
  hang,
  jsonAt,
  jsonScript,
  jsonTextAt,
  listenOnFreePort,
  makeCertificates,
  playModel,
  say,
  startScriptedUpstream,
  unreachableUrl,
  waitFor,
  write,
} from '@ccg/testkit';
import type { Play, RecordedRequest } from '@ccg/testkit';

type Script = ReturnType<Play>;

/** Providers each of which has one fault, and what a gateway must be told of them. */
export interface FaultyProviders {
  /** Entries of `providers` of gateway.yaml. */
  readonly catalog: Readonly<Record<string, object>>;
  /** The authority of the provider whose certificate ends soon, for NODE_EXTRA_CA_CERTS. */
  readonly authorityFile: string;
  /** Nobody answers there. */
  readonly unreachable: string;
  close(): Promise<void>;
}

/**
 * In the bucket up to 30 s, so that the 95th percentile is above the 20 s at which an alert begins. The first ones come
 * before the others: a counter has to be seen before it grows.
 */
const slowMs = (streams: number): number => (streams <= 2 ? 10_500 : 13_000);
const certificateDays = 5;
const usage = { input: 1000, cacheRead: 9000, output: 200, reasoning: 50, cacheWrites: { fiveMinutes: 500, hour: 0 } };
const uncached = { input: 400_000, cacheRead: 1, output: 20 };

/** Starts providers whose faults are told by name; `anthropic` has one for each of its models. */
export async function startFaultyProviders(): Promise<FaultyProviders> {
  const upstream = await startScriptedUpstream(createPlay());
  const certificates = makeCertificates(certificateDays);
  const { cert, key } = certificates.server;
  const tls = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ choices: [{ index: 0, message: { content: 'hi' }, finish_reason: 'stop' }] }));
  });
  const tlsUrl = await listenOnFreePort(tls);
  const unreachable = await unreachableUrl();
  const chat = (baseUrl: string) => ({ dialect: 'openai-chat', baseUrl, timeouts: { connect: 2, firstEvent: 60 } });
  return {
    catalog: {
      anthropic: { dialect: 'anthropic', baseUrl: upstream.url, credential: { env: 'SCRIPTED_KEY' } },
      chat: chat(`${upstream.url}/v1`),
      ...Object.fromEntries([...Object.keys(faults), 'slow'].map((name) => [name, chat(`${upstream.url}/${name}/v1`)])),
      silent: { ...chat(`${upstream.url}/silent/v1`), timeouts: { connect: 2, firstEvent: 1 } },
      gone: chat(`${unreachable}/v1`),
      tls: chat(`${tlsUrl.replace('http:', 'https:')}/v1`),
    },
    authorityFile: certificates.ca,
    unreachable,
    async close() {
      tls.closeAllConnections();
      tls.close();
      certificates.remove();
      await upstream.close();
    },
  };
}

const error = (status: number): Script => jsonScript(status, { error: { message: 'no' } });

/** The first part of the path tells the fault. */
const faults: Readonly<Record<string, () => Script>> = {
  down: () => error(500),
  busy: () => error(503),
  limited: () => error(429),
  refused: () => error(401),
  large: () => error(413),
  silent: () => [hang],
  hung: () => [hang],
};

function createPlay(): Play {
  let slowStreams = 0;
  return (request) => {
    const [, name = ''] = request.path.split('/');
    const fault = faults[name];
    if (fault !== undefined) return fault();
    if (name === 'slow') {
      slowStreams += 1;
      return [
        waitFor(sleep(slowMs(slowStreams))),
        ...answerOf({ ...request, path: request.path.replace('/slow', '') }),
      ];
    }
    if (request.path.includes('chat/completions') && jsonAt(request.json(), 'top_p') !== undefined) {
      return jsonScript(400, { error: { message: "Unsupported parameter: 'top_p'", param: 'top_p' } });
    }
    return answerOf(request);
  };
}

/** The model says what is wrong with an answer of Anthropic's. */
function answerOf(request: RecordedRequest): Script {
  const model = jsonTextAt(request.json(), 'model');
  const frames = anthropicFrames({ content: [say('hello '.repeat(20))], usage }, model);
  switch (model) {
    case 'ungrammatical':
      return [...anthropicSseHead(), ...frames.filter((frame) => !frame.includes('content_block_start')).map(write)];
    case 'cut':
      return [...anthropicSseHead(), ...frames.slice(0, 6).map(write), cut];
    case 'endless':
      return [...anthropicSseHead(), ...frames.slice(0, 6).map(write), hang];
    case 'flood':
      return [...anthropicSseHead(), ...frames.slice(0, 3).map(write), ...flood(), ...frames.slice(3).map(write)];
    case 'uncached':
      return anthropicScript(request, { content: [say('x')], usage: uncached });
    default:
      return playModel([{ content: [say('hello')], usage }])(request);
  }
}

/** More than the buffers of two sockets take from a reader that does not read. */
function flood(): Script {
  const delta = { index: 0, delta: { type: 'text_delta', text: 'x'.repeat(64_000) } };
  return Array.from({ length: 300 }, () => write(anthropicFrame('content_block_delta', delta)));
}
