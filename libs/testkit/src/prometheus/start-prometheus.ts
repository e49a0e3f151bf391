import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startProcess } from '../start-process.ts';
import type { StartedProcess } from '../start-process.ts';

/** One series of an instant query. A value that is no number is NaN. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface PrometheusProcess {
  readonly url: string;
  /** The series of an expression now. Throws with Prometheus's own words where it refuses the expression. */
  query(expression: string): Promise<readonly Sample[]>;
  alerts(): Promise<readonly ActiveAlert[]>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

interface PrometheusOptions {
  /** The program. */
  readonly prometheus: string;
  /** What `prometheus.yml` holds; paths in it are absolute. */
  readonly config: object;
  /** Writes what Prometheus is to know of the past into the folder of its data, before it starts. */
  readonly prepare?: (dataFolder: string) => Promise<void>;
}

const startTimeoutMs = 30_000;

/** Starts a Prometheus on a port of 127.0.0.1 that the system chooses; resolves when it answers. */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'ccg-prometheus-'));
  const dataFolder = join(folder, 'data');
  const configFile = join(folder, 'prometheus.yml');
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(options.config));
  await options.prepare?.(dataFolder);
  const args = [`--config.file=${configFile}`, `--storage.tsdb.path=${dataFolder}`];
  const child = startProcess({
    command: options.prometheus,
    args: [...args, '--web.listen-address=127.0.0.1:0'],
    cwd: folder,
    env: {},
  });
  const stop = async (): Promise<void> => {
    child.killGroup();
    await child.exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const url = await untilReady(child);
    return {
      url,
      query: async (expression) => (await ask<QueryData>(url, 'query', { query: expression })).result.map(toSample),
      alerts: async () => (await ask<{ alerts: readonly ActiveAlert[] }>(url, 'alerts')).alerts,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilReady(child: StartedProcess): Promise<string> {
  const deadline = Date.now() + startTimeoutMs;
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  child.exited.then(end, end);
  while (!ended && Date.now() < deadline) {
    const address = /msg="Listening on" address=(?<address>\S+)/u.exec(child.stderr())?.groups?.['address'];
    const isReady = child.stderr().includes('Server is ready to receive web requests');
    if (address !== undefined && isReady) return `http://${address}`;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Prometheus did not start:\n${child.stderr()}`);
}

interface QueryData {
  readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
}

function toSample({ metric, value }: QueryData['result'][number]): Sample {
  return { labels: metric, value: Number(value[1].replace('Inf', 'Infinity')) };
}

async function ask<Data>(url: string, what: string, parameters: Record<string, string> = {}): Promise<Data> {
  const answer = await fetch(`${url}/api/v1/${what}`, {
    method: what === 'query' ? 'POST' : 'GET',
    ...(what === 'query' ? { body: new URLSearchParams(parameters) } : {}),
  });
  const body = (await answer.json()) as { readonly status: string; readonly error?: string; readonly data: Data };
  if (body.status !== 'success') throw new Error(`${parameters['query'] ?? what}: ${body.error}`);
  return body.data;
}
