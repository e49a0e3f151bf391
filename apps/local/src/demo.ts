import type * as Aimock from '@copilotkit/aimock';

import { StartError } from '@ccg/startup';

export interface DemoProvider {
  /** An OpenAI-compatible base URL on the loopback. */
  readonly baseUrl: string;
  close(): Promise<void>;
}

/** The variables that a demo keeps: addresses and the store. None of a provider, so that nobody is billed. */
const keptVariables: ReadonlySet<string> = new Set([
  'HOST',
  'PORT',
  'OPS_HOST',
  'OPS_PORT',
  'ADMIN_PORT',
  'ADMIN_TOKEN_FILE',
  'KEY_PEPPER',
  'REDIS_KEY_PREFIX',
]);

/** The environment of a demo: the kept variables and the demo's own provider. */
export function demoEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  provider: DemoProvider,
): Record<string, string | undefined> {
  const kept = Object.entries(env).filter(([name]) => keptVariables.has(name));
  return { ...Object.fromEntries(kept), OPENAI_BASE_URL: provider.baseUrl, BIG_MODEL: 'demo', SMALL_MODEL: 'demo' };
}

/**
 * Starts a provider in this process that answers every chat request itself, so that the whole path from Claude Code
 * through the gateway works without any provider's key. Every answer says that it is a demo.
 */
export async function startDemoProvider(): Promise<DemoProvider> {
  const { LLMock } = await loadMock();
  const mock = new LLMock({ host: '127.0.0.1', port: 0, logLevel: 'silent', journalMaxEntries: 1 });
  // Without a fixture that matches everything the package answers 404, even to a greeting.
  mock.on({ predicate: () => true }, (request) => demoTurn(request));
  const url = await mock.start();
  return { baseUrl: `${url}/v1`, close: () => mock.stop() };
}

/** A development dependency: only `--demo` ever loads it. */
async function loadMock(): Promise<typeof Aimock> {
  try {
    return await import('@copilotkit/aimock');
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_MODULE_NOT_FOUND')) throw thrown;
    throw new StartError(
      'The demo needs @copilotkit/aimock, which a production install leaves out. Run `npm install` first.',
    );
  }
}

interface DemoRequest {
  readonly messages: readonly DemoMessage[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
}

interface DemoMessage {
  readonly role: string;
  readonly content: string | readonly { readonly text?: string }[] | null;
}

interface DemoTurn {
  readonly content: string;
  readonly toolCalls?: { name: string; arguments: string }[];
}

/** Answers a prompt with a text, one that asks for a tool with a harmless call of Bash, and the tool's result with a text. */
export function demoTurn({ messages, tools = [] }: DemoRequest): DemoTurn {
  const asked = messages.findLastIndex((message) => message.role === 'user' && typedText(message) !== '');
  const prompt = asked === -1 ? '' : typedText(messages[asked]);
  const toolResult = messages.slice(asked + 1).findLast((message) => message.role === 'tool');
  if (toolResult !== undefined) {
    return {
      content: `${notice} The tool call went through the gateway and back, and gave: "${shorten(typedText(toolResult))}".`,
    };
  }
  if (/\btools?\b/i.test(prompt) && tools.some((tool) => tool.function.name === 'Bash')) {
    const input = { command: "echo 'Hello from the demo'", description: 'Greet from the demo' };
    return { content: `${notice} It calls a tool:`, toolCalls: [{ name: 'Bash', arguments: JSON.stringify(input) }] };
  }
  return {
    content:
      `${notice} Your request went through the gateway with its API key and to an OpenAI-compatible server and back.` +
      ` It said: "${shorten(prompt)}". Ask the demo to use a tool, or set a provider and run \`npm start\`.`,
  };
}

const notice = 'This is a demo answer; no model was asked.';

/** The text of a message without the reminders that Claude Code wraps around what a person typed. */
function typedText(message: DemoMessage | undefined): string {
  const content = message?.content ?? '';
  const text = typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('\n');
  return text.replaceAll(/<system-reminder>.*?<\/system-reminder>/gs, '').trim();
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
