/** What a model says in one turn, in no dialect. */
export interface ModelTurn {
  readonly content: readonly ModelPart[];
  /** Default: 1200 in, none cached, 34 out. */
  readonly usage?: ModelUsage;
}

export type ModelPart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'tool-call';
      readonly id: string;
      readonly name: string;
      readonly input: Readonly<Record<string, unknown>>;
    };

export interface ModelUsage {
  /** Tokens of the prompt that no cache had. */
  readonly input: number;
  readonly cacheRead: number;
  /** With the reasoning. */
  readonly output: number;
  readonly reasoning?: number;
  /** What Anthropic alone tells apart: tokens that its cache keeps for five minutes, and for an hour. */
  readonly cacheWrites?: { readonly fiveMinutes: number; readonly hour: number };
}

export const usualUsage: ModelUsage = { input: 1200, cacheRead: 0, output: 34 };

export function say(text: string): ModelPart {
  return { kind: 'text', text };
}

export function callTool(id: string, name: string, input: Readonly<Record<string, unknown>>): ModelPart {
  return { kind: 'tool-call', id, name, input };
}

export function callsTools(turn: ModelTurn): boolean {
  return turn.content.some((part) => part.kind === 'tool-call');
}

/** Cuts a text into pieces as a model's tokens would, in the middle of words and of JSON. */
export function pieces(text: string): string[] {
  return text.match(/[\s\S]{1,7}/gu) ?? [];
}
