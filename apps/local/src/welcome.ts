import type { Container } from '@ccg/startup';

import { shellQuote } from './shell-quote.ts';

export interface WelcomeFacts {
  readonly isDemo: boolean;
  /** The gateway's URL as it listens. */
  readonly url: string;
  readonly admin: { readonly url: string; readonly tokenFile: string };
  readonly store: { readonly name: string; durability(): string };
  readonly firstKeyFile: string;
  /** What clients ask for → what is asked of which provider. */
  readonly routes: Readonly<Record<string, string>>;
  /** What to put behind the base URL, where a model must be named in it. */
  readonly path?: string;
  /** Whether programs on this machine need no API key. */
  readonly isKeyless?: boolean;
  /** Where exchanges are recorded; undefined: nowhere. */
  readonly exchangeFolder?: string | undefined;
  /** The container that this process runs in; its files are read through `docker exec`. */
  readonly container?: Container | undefined;
}

/**
 * What a person reads after a start. The last two commands work when pasted into a POSIX shell, also on the machine
 * that runs the container.
 */
export function welcome({
  isDemo,
  url,
  admin,
  store,
  firstKeyFile,
  routes,
  path = '',
  isKeyless = false,
  exchangeFolder,
  container,
}: WelcomeFacts): string {
  const baseUrl = reachableUrl(url) + path;
  const containerId = container?.id ?? 'CONTAINER';
  const cat = container === undefined ? 'cat' : `docker exec ${containerId} cat`;
  const apiKey = `$(${cat} ${shellQuote(firstKeyFile, 'always')})`;
  const body = { model: 'claude-sonnet-5-5', max_tokens: 100, messages: [{ role: 'user', content: 'Say hello' }] };
  const lines = [
    isDemo
      ? 'Claude Code Gateway DEMO: every answer is canned, no model is asked, nothing is billed.'
      : 'Claude Code Gateway is ready.',
    '',
    `  Base URL    ${reachableUrl(url)}`,
    `  API key     in ${firstKeyFile}`,
    ...(isKeyless ? ['              not needed by programs on this machine (ALLOW_KEYLESS)'] : []),
    `  Store       ${store.name}: ${store.durability()}`,
    // The port of a container is not open unless it was asked for; ccg is inside.
    container === undefined
      ? `  Admin API   ${reachableUrl(admin.url)}/admin/v1, token in ${admin.tokenFile}`
      : `  Admin API   docker exec ${containerId} ccg --help`,
    ...Object.entries(routes).map(
      ([names, target], index) => `  ${index === 0 ? 'Models' : '      '}      ${names} → ${target}`,
    ),
    ...(exchangeFolder === undefined ? [] : [`  Recording   prompts and answers are written to ${exchangeFolder}`]),
    '',
    'Try it:',
    '',
    `curl -sS ${shellQuote(`${baseUrl}/v1/messages`)} -H "x-api-key: ${apiKey}"` +
      ` -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' -d ${shellQuote(JSON.stringify(body))}`,
    '',
    `ANTHROPIC_BASE_URL=${shellQuote(baseUrl)} ANTHROPIC_AUTH_TOKEN="${apiKey}" claude`,
    '',
    ...(container === undefined
      ? ['Ctrl-C lets running requests finish and stops; a second Ctrl-C stops at once.']
      : [
          ...(container.id === undefined ? ['CONTAINER stands for its name: see `docker ps`.'] : []),
          `docker stop -t 600 ${containerId} lets running requests finish and stops.`,
        ]),
  ];
  return `\n${lines.join('\n')}\n\n`;
}

/** A URL that a client on this machine can call: one may listen on every address, but not call it. @internal */
export function reachableUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.hostname === '0.0.0.0') parsed.hostname = '127.0.0.1';
  if (parsed.hostname === '[::]') parsed.hostname = '[::1]';
  return parsed.origin;
}
