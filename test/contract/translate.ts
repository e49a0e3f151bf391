import { Secret } from '@ccg/kernel';
import { createProvider, createTarget } from '@ccg/catalog';
import type { AnthropicProfile, ChatProfile, ModelFacts, ModelLimits, Provider, Target } from '@ccg/catalog';
import { bytesToString, decodeByteString, encodeText, readMessagesRequest, stringToBytes } from '@ccg/wire';
import { createToolListCache, createTranslation } from '@ccg/translation';
import type { IdSource, Progress, Rejection, Sealer, Translation } from '@ccg/translation';

export type TestDialect = 'anthropic' | 'openai-chat' | 'openai-responses' | 'ollama' | 'gemini';

/** Where a request of a dialect has the history. */
export const historyNames: Readonly<Record<TestDialect, string>> = {
  anthropic: 'messages',
  'openai-chat': 'messages',
  'openai-responses': 'input',
  ollama: 'messages',
  gemini: 'contents',
};

export interface TestTarget {
  readonly dialect: TestDialect;
  readonly model: string;
  readonly profile?: ChatProfile;
  readonly baseUrl?: string;
  readonly anthropicProfile?: AnthropicProfile;
  readonly maxOutputTokens?: number;
  readonly estimatedInputTokens?: number;
  readonly rejections?: readonly Rejection[];
  /** Instead of what is known of the model by its name. */
  readonly limits?: Partial<ModelLimits>;
  readonly textCalls?: boolean;
  /** What a server that is asked about its models tells of this one. */
  readonly facts?: ModelFacts;
}

/** Whether an answer's bytes go on as they come, so that their grammar is the upstream's. */
export function passesThrough({ dialect, anthropicProfile = 'claude' }: TestTarget): boolean {
  return dialect === 'anthropic' && anthropicProfile === 'claude';
}

/** A request that every dialect takes. */
export const plainRequest = JSON.stringify({
  model: 'claude-opus-5-5',
  max_tokens: 1000,
  stream: true,
  messages: [{ role: 'user', content: 'Say hello' }],
});

/** The same with tools, for answers whose calls stand in their text. */
export const requestWithTools = JSON.stringify({
  ...JSON.parse(plainRequest),
  tools: ['Bash', 'Read'].map((name) => ({
    name,
    input_schema: { type: 'object', properties: { command: { type: 'string' }, timeout: { type: 'number' } } },
  })),
});

/** One for all tests, so that lists that are alike are told apart. */
const toolListCache = createToolListCache({ maxBytes: 4_000_000 });

/** What the gateway hands to every translation of a conversation. */
interface Surroundings {
  readonly ids: IdSource;
  readonly sealer: Sealer;
}

/** The translation of a request, given as JSON text; ids count up from 1. */
export function translate(
  request: string,
  target: TestTarget,
  { ids = countingIds(), sealer = openSealer }: Partial<Surroundings> = {},
): Translation {
  const messagesRequest = readMessagesRequest(stringToBytes(encodeText(request)));
  const tools = messagesRequest.bytesOf('tools');
  const at = targetOf(target);
  return createTranslation({
    requestId: 'req_1',
    messagesRequest,
    tools:
      tools === undefined
        ? undefined
        : {
            size: tools.length,
            digest: () => bytesToString(tools),
            read: () => messagesRequest.read('tools')?.value ?? null,
          },
    toolListCache,
    target: at,
    requestedModel: messagesRequest.model,
    maxOutputTokens: target.maxOutputTokens ?? 0,
    limits: { ...at.limits, ...target.limits },
    ids,
    sealer,
    estimatedInputTokens: target.estimatedInputTokens,
    rejections: target.rejections ?? [],
  });
}

const targets = new WeakMap<TestTarget, Target>();

/** The target as the gateway resolves it: once. */
export function targetOf(target: TestTarget): Target {
  const resolved = targets.get(target) ?? resolve(target);
  targets.set(target, resolved);
  return resolved;
}

function resolve(target: TestTarget): Target {
  const overrides = [
    { models: ['nemotron'], traits: { thinking: { on: true, budgetTokens: 16_384 } } },
    { models: target.textCalls === true ? ['*'] : [], traits: { textCalls: true } },
  ];
  return createTarget({ provider: providerOf(target), model: target.model }, { overrides, facts: target.facts });
}

/** Seals for reading: fixtures show what is inside. */
const openSealer: Sealer = {
  seal: (state) => `ccg1.${Buffer.from(state, 'latin1').toString('base64url')}`,
  open: (sealed) =>
    sealed.startsWith('ccg1.') ? Buffer.from(sealed.slice(5), 'base64url').toString('latin1') : undefined,
  pseudonym: (name) => `pseudonym of ${name}`,
};

export interface StreamedAnswer {
  /** All that was written, as text. */
  readonly text: string;
  readonly progress: Progress;
  /** How many times the sink was called. */
  readonly writes: number;
}

/** Plays an upstream's stream, in the chunks given, to its clean end. */
export function playStream(translation: Translation, chunks: readonly Uint8Array[]): StreamedAnswer {
  let bytes = '';
  let writes = 0;
  const translator = translation.reader.stream((frames) => {
    writes += 1;
    bytes += typeof frames === 'string' ? frames : Buffer.from(frames).toString('latin1');
  });
  for (const chunk of chunks) translator.push(chunk);
  translator.end();
  return { text: decodeByteString(bytes), progress: translator.progress(), writes };
}

export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

/** The body of a translated request as text. */
export function bodyText(translation: Translation): string {
  return Buffer.from(translation.request.body).toString('utf8');
}

function providerOf({
  dialect,
  profile,
  anthropicProfile = 'claude',
  baseUrl = 'http://127.0.0.1:9',
}: TestTarget): Provider {
  const base = { baseUrl, credential: new Secret('none') };
  if (dialect === 'ollama') {
    return createProvider({ ...base, dialect, name: 'ollama', contextTokens: 128_000, keepAlive: '30m' });
  }
  if (dialect === 'gemini') return createProvider({ ...base, dialect, name: 'gemini' });
  return dialect === 'anthropic'
    ? createProvider({ ...base, dialect, name: 'anthropic', profile: anthropicProfile })
    : createProvider({
        ...base,
        dialect,
        name: 'openai',
        profile: profile ?? 'openai',
      });
}

export function countingIds(): IdSource {
  let messages = 0;
  let tools = 0;
  return {
    messageId: () => `msg_${(messages += 1)}`,
    toolUseId: () => `toolu_g${(tools += 1)}`,
  };
}
