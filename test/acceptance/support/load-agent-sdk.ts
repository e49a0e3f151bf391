import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What the tests use of `@anthropic-ai/claude-agent-sdk`, which is installed at test time and no dependency. */
export interface AgentSdk {
  query(parameters: {
    readonly prompt: string;
    readonly options: Readonly<Record<string, unknown>>;
  }): AsyncIterable<unknown>;
  createSdkMcpServer(options: { readonly name: string; readonly tools: readonly unknown[] }): unknown;
  tool(
    name: string,
    description: string,
    inputSchema: Readonly<Record<string, unknown>>,
    handler: () => Promise<{ readonly content: readonly { readonly type: 'text'; readonly text: string }[] }>,
  ): unknown;
}

/** Loads the SDK that was installed with the binary of `installClaudeCli`. */
export function loadAgentSdk(binary: string): AgentSdk {
  const sdk: AgentSdk = createRequire(binary)(join(dirname(binary), '../claude-agent-sdk/sdk.mjs'));
  return sdk;
}
