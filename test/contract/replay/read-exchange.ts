import { buildCatalog, catalogConfigSchema, createTargets } from '@ccg/catalog';
import type { Catalog, Target, Targets } from '@ccg/catalog';
import type { HeaderList } from '@ccg/wire';
import { exchangeSchema } from '@ccg/local';
import type { Exchange, ExchangeCall } from '@ccg/local';

/** A recorded exchange, ready to be replayed. */
export interface ReadExchange {
  readonly file: Exchange;
  readonly calls: readonly RecordedCall[];
  /** The client's body and headers as they came. */
  readonly body: Uint8Array;
  readonly headers: HeaderList;
  readonly catalog: Catalog;
  readonly targets: Targets;
  readonly target: Target;
}

/** One call to the provider. */
export interface RecordedCall {
  /** The body that was sent then; undefined if the file does not say. */
  readonly sent: Uint8Array | undefined;
  readonly status: number | undefined;
  readonly headers: HeaderList;
  readonly chunks: readonly Uint8Array[];
  readonly end: ExchangeCall['end'];
}

/** Why a file cannot be replayed, in one sentence for whoever wrote it. */
export class ExchangeFileError extends Error {
  override readonly name = 'ExchangeFileError';
}

/** Reads the text of a file. Throws `ExchangeFileError` with every place that is wrong. */
export function readExchange(text: string): ReadExchange {
  const parsed = exchangeSchema.safeParse(parseJson(text));
  if (!parsed.success) throw notAnExchange(parsed.error.issues);
  const file = parsed.data;
  if (file.truncated === true) {
    throw new ExchangeFileError(
      'This recording has no bodies: the exchange was larger than a file may be. Repeat the fault in a shorter session.',
    );
  }
  const calls = file.upstream.map(readCall);
  const { request } = file;
  return { file, calls, body: bytesOf(request.body), headers: headerList(request.headers), ...resolveTarget(request) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new ExchangeFileError(`This is no recorded exchange: it is not JSON. ${reason}`);
  }
}

function notAnExchange(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): ExchangeFileError {
  const lines = issues.map(({ path, message }) => `  ${path.map(String).join('.') || 'the file'}: ${message}`);
  return new ExchangeFileError(
    ['This is no recorded exchange. The README, "Reporting a fault", has an example. What is wrong:', ...lines].join(
      '\n',
    ),
  );
}

function readCall({ sent, status, headers, text, base64, chunks, end }: ExchangeCall, index: number): RecordedCall {
  if (text !== undefined && base64 !== undefined) throw wrongCall(index, 'has both text and base64. Leave one out');
  if (status === undefined && (end === 'whole' || end === 'cut' || end === 'idle-timeout')) {
    throw wrongCall(index, 'has neither a status nor an "end" that says why there was none, such as "unreachable"');
  }
  const bytes = base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64');
  return {
    sent: sent === undefined ? undefined : bytesOf(sent),
    status,
    headers: headerList(headers),
    chunks: cutInto(bytes, chunks ?? [bytes.length], index),
    end,
  };
}

function cutInto(bytes: Uint8Array, lengths: readonly number[], index: number): Uint8Array[] {
  let at = 0;
  const chunks = lengths.map((length) => bytes.subarray(at, (at += length)));
  if (at !== bytes.length) throw wrongCall(index, `has ${bytes.length} bytes, and its chunks are ${at}`);
  return chunks;
}

function wrongCall(index: number, what: string): ExchangeFileError {
  return new ExchangeFileError(`This exchange cannot be replayed: call ${index + 1} of "upstream" ${what}.`);
}

function bytesOf(body: unknown): Uint8Array {
  if (typeof body === 'string') return Buffer.from(body);
  if (typeof body === 'object' && body !== null && 'base64' in body && typeof body.base64 === 'string') {
    return Buffer.from(body.base64, 'base64');
  }
  return Buffer.from(JSON.stringify(body));
}

function headerList(headers: Exchange['request']['headers']): HeaderList {
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  return pairs.map(([name, value]) => [name.toLowerCase(), value]);
}

const unknownServer = 'http://server.invalid/v1';
/** The window that was sent is among the limits. */
const ollamaSettings = { contextTokens: 128_000, keepAlive: '30m' };

/** What the dialect's own provider is configured with. */
function settingsOf({ dialect, profile, capabilities }: Exchange['request']): object {
  switch (dialect) {
    case 'ollama':
      return ollamaSettings;
    case 'gemini':
      return { capabilities };
    case 'anthropic':
    case 'openai-chat':
    case 'openai-responses':
      return { profile, capabilities };
  }
}

/** The gateway of one provider that the request went to, with the settings that it had. */
function resolveTarget(request: Exchange['request']): Pick<ReadExchange, 'catalog' | 'targets' | 'target'> {
  const { dialect, model, limits, maxOutputTokens, overrides } = request;
  const {
    provider: name = dialect.startsWith('openai-') ? 'openai' : dialect,
    baseUrl = dialect === 'ollama' ? 'http://server.invalid' : unknownServer,
  } = request;
  const config = catalogConfigSchema.safeParse({
    providers: { [name]: { dialect, baseUrl, ...settingsOf(request) } },
    preferred: name,
    models: { '*': { model: `${name}:${model}` } },
    maxOutputTokens,
    overrides,
  });
  if (!config.success) {
    throw notAnExchange(
      config.error.issues.map(({ path, message }) => ({ path: ['request', ...path.slice(-1)], message })),
    );
  }
  const built = buildCatalog(config.data, 'organisation');
  if (built.kind === 'faulty') {
    throw notAnExchange(built.problems.map(({ path, message }) => ({ path: ['request', ...path], message })));
  }
  const { catalog } = built;
  const { preferred: provider } = catalog;
  if (provider === undefined) throw new Error('the only provider is preferred');
  const targets = createTargets(catalog);
  const { contextTokens, outputTokens } = limits ?? {};
  if (limits !== undefined) targets.learn(name, new Map([[model, { contextTokens, outputTokens }]]));
  return { catalog, targets, target: targets.of({ provider, model }) };
}
