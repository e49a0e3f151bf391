import type { TokenCount } from './token-count.ts';

/** How many tokens a model makes of one of the reference tokenizer's, or of one character where those are counted. */
export type Ratios = Readonly<Record<Exclude<keyof TokenCount, 'thinking' | 'fixed'>, number>>;

/** By the name after a vendor's prefix, the first match counts: where learning begins. */
const families: readonly (readonly [RegExp, Ratios])[] = [
  [/^(?:gpt-|chatgpt-|o\d)/u, scaled(1, 0)],
  [/^claude-(?:opus-4-[7-9]|[a-z]+-[5-9])/u, scaled(1.4, 0)],
  [/claude/u, scaled(1.1, 0)],
  [/^(?:gemini|gemma)/u, scaled(1.1, 1)],
  [/^(?:qwen|qwq)/u, scaled(1.05, 1)],
  [/llama|nemotron/u, scaled(1.05, 0)],
  [/^(?:mistral|mixtral|devstral|codestral)/u, scaled(1.1, 1)],
  [/^(?:deepseek|kimi|moonshot)/u, scaled(1, 0)],
  [/^(?:glm|chatglm)/u, scaled(1.05, 0)],
];

/** Rather too many: a prompt that was thought to fit and does not is the worse mistake. */
const unknown: Ratios = { words: 1.1, marks: 0.2, digits: 0.8, foreign: 2, wide: 2, syllables: 0.3 };

/** The ratios of a model of which nothing was observed yet. */
export function startRatios(model: string): Ratios {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  return families.find(([pattern]) => pattern.test(name))?.[1] ?? unknown;
}

/** A tokenizer like the reference but for its size, and whether it takes each digit by itself. */
function scaled(ratio: number, digits: 0 | 1): Ratios {
  return { words: ratio, marks: 0, digits, foreign: ratio, wide: ratio, syllables: 0 };
}
