import { definedOf } from './corrections.ts';
import type { Corrections } from './corrections.ts';
import { bareName, traitsByOperator } from './known-models.ts';
import type { Effort, ModelOverride } from './model-traits.ts';

/** From which probability of harm on Gemini blocks a prompt or an answer. */
export const safetyThresholds = [
  'OFF',
  'BLOCK_NONE',
  'BLOCK_ONLY_HIGH',
  'BLOCK_MEDIUM_AND_ABOVE',
  'BLOCK_LOW_AND_ABOVE',
] as const;

export type SafetyThreshold = (typeof safetyThresholds)[number];

/** How a Gemini model is asked to think more or less. */
type GeminiThinking =
  /** It does not think, and refuses to be asked. */
  | { readonly kind: 'never' }
  /** By a level. Thinking cannot be switched off. */
  | { readonly kind: 'levels'; readonly levels: readonly Effort[] }
  /** By a number of tokens. 0 switches it off where `canStop`. */
  | { readonly kind: 'budget'; readonly min: number; readonly max: number; readonly canStop: boolean };

/** All that a translation for Gemini reads of its target. */
export interface GeminiCapabilities extends GeminiForms {
  /** Unset: as the server decides. */
  readonly safetyThreshold: SafetyThreshold | undefined;
}

/** What differs between models; an operator may correct it. */
export interface GeminiForms {
  readonly images: boolean;
  readonly pdfs: boolean;
  /** Whether instructions have a field of their own, or must stand in the first user turn. */
  readonly systemInstruction: boolean;
  readonly thinking: GeminiThinking;
  /** Whether a call without a thought signature is refused. */
  readonly signedCalls: boolean;
  /** Whether the ids that the server gave its calls are expected back. */
  readonly callIds: boolean;
  /** Whether a result of a tool may hold images and files. */
  readonly mediaInResults: boolean;
  /** Whether text after results of tools needs a turn of its own. */
  readonly resultsApart: boolean;
  /** Whether a form of the answer leaves the model free to call tools. */
  readonly structuredWithTools: boolean;
  /** Whether a request for a count holds that for the answer as a whole, or its parts alone, as at Vertex AI. */
  readonly countsWhole: boolean;
  /** Whether the model can search the web by itself, where no other tools are declared. */
  readonly webSearch: boolean;
  /** How many stop sequences are accepted. */
  readonly stopSequencesMax: number;
  /** Whether tool calls that the model writes as plain text are tool calls. */
  readonly textCalls: boolean;
}

/** The first generation that signs its thoughts; what has no number of an older one counts as new. */
const signedGeneration = 3;

interface GeminiModel {
  readonly baseUrl: string;
  readonly overrides: readonly ModelOverride[];
  /** What the operator says of all models of the provider. */
  readonly corrections: Corrections<GeminiForms> | undefined;
  readonly safetyThreshold: SafetyThreshold | undefined;
}

/** The capabilities of a model, by its name; what the operator says goes before that. */
export function geminiCapabilities(
  model: string,
  { baseUrl, overrides, corrections = {}, safetyThreshold }: GeminiModel,
): GeminiCapabilities {
  const name = bareName(model);
  const isGemma = name.startsWith('gemma');
  const isNew = !isGemma && generationOf(name).major >= signedGeneration;
  const { images = true, pdfs = !isGemma, textCalls = false } = traitsByOperator(model, overrides);
  return {
    images,
    pdfs,
    textCalls,
    systemInstruction: !isGemma,
    thinking: isGemma ? { kind: 'never' } : thinkingOf(name),
    signedCalls: isNew,
    callIds: isNew,
    mediaInResults: isNew,
    resultsApart: isNew,
    structuredWithTools: isNew,
    countsWhole: !baseUrl.includes('/publishers/'),
    webSearch: !isGemma,
    stopSequencesMax: 5,
    ...definedOf(corrections),
    safetyThreshold,
  };
}

interface Generation {
  readonly major: number;
  readonly minor: number;
}

function generationOf(name: string): Generation {
  const [, major, minor = '0'] = /^gemini-(\d{1,3})(?:\.(\d{1,3}))?(?:-|$)/u.exec(name) ?? [];
  return major === undefined ? { major: Infinity, minor: 0 } : { major: Number(major), minor: Number(minor) };
}

function thinkingOf(name: string): GeminiThinking {
  const { major, minor } = generationOf(name);
  if (major < 2 || (major === 2 && minor < 5) || /-(?:image|tts|embedding)\b/u.test(name)) return { kind: 'never' };
  if (major === 2) {
    if (name.includes('-pro')) return { kind: 'budget', min: 128, max: 32_768, canStop: false };
    return { kind: 'budget', min: name.includes('-lite') ? 512 : 1, max: 24_576, canStop: true };
  }
  return { kind: 'levels', levels: mayThinkMinimally(name) ? ['minimal', ...levels] : levels };
}

const levels: readonly Effort[] = ['low', 'medium', 'high'];

function mayThinkMinimally(name: string): boolean {
  const { major, minor } = generationOf(name);
  if (/-pro\b/u.test(name) || name === 'gemini-flash-latest' || name.startsWith('gemini-4-hydrogen')) return false;
  const isLateFlash = /-flash\b(?!-lite)/u.test(name) && (major > 3 || minor >= 7);
  return Number.isFinite(major) && !isLateFlash;
}
