/** How much a model takes and gives; undefined is unknown. */
export interface ModelLimits {
  readonly contextTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** By the name after a vendor's prefix (`openai/gpt-4.1`), the first match counts. Published by the vendors. */
const knownLimits: readonly (readonly [RegExp, ModelLimits])[] = [
  [/^gpt-4\.1/u, { contextTokens: 1_047_576, outputTokens: 32_768 }],
  [/^(?:gpt-4o|chatgpt-4o)/u, { contextTokens: 128_000, outputTokens: 16_384 }],
  [/^gpt-5[^-]*-chat/u, { contextTokens: 128_000, outputTokens: 16_384 }],
  [/^gpt-5(?:\.[1-3])?(?:-|$)/u, { contextTokens: 400_000, outputTokens: 128_000 }],
  [/^gpt-5\.\d+-(?:mini|nano)/u, { contextTokens: 400_000, outputTokens: 128_000 }],
  [/^gpt-5\.[4-5](?:-|$)/u, { contextTokens: 1_050_000, outputTokens: 128_000 }],
  [/^o(?:1|3|4)(?:-|$)/u, { contextTokens: 200_000, outputTokens: 100_000 }],
  [/^gpt-oss/u, { contextTokens: 131_072, outputTokens: undefined }],
  [/^claude-(?:opus|sonnet|haiku|fable)-5/u, { contextTokens: 1_000_000, outputTokens: 128_000 }],
  [/^claude-(?:opus|sonnet|haiku)-4-5/u, { contextTokens: 200_000, outputTokens: 64_000 }],
];

/** What is known of a model by its name alone. */
export function modelLimits(model: string): ModelLimits {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  const known = knownLimits.find(([pattern]) => pattern.test(name));
  return known?.[1] ?? { contextTokens: undefined, outputTokens: undefined };
}
