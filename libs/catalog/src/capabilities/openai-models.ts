import type { Effort, ModelTraits, ThinkingTrait } from './model-traits.ts';

const oSeries = /^o\d+(?:-|$)/u;
const gpt = /^gpt-(\d+)(?:\.(\d+))?(?:-(.+))?$/u;
const plain: readonly Effort[] = ['low', 'medium', 'high'];

/** Whether a name is one of OpenAI's reasoning models. */
export function isOpenAiReasoner(name: string): boolean {
  return openAiThinking(name) !== undefined;
}

/** Whether a name is one of OpenAI's models from before JSON schemas. */
export function isOldOpenAi(name: string): boolean {
  return /^gpt-(?:3|4)/u.test(name) && !seesPdfs.test(name);
}

const seesPdfs = /^(?:gpt-4\.1|gpt-4o|chatgpt-4o|gpt-[5-9])/u;

/** What follows from a name of OpenAI's, wherever the model is served; undefined for any other name. */
export function openAiTraits(name: string): Partial<ModelTraits> | undefined {
  const thinking = openAiThinking(name);
  if (thinking !== undefined) {
    const sampling = takesSampling(name) ? 'without-thinking' : 'never';
    return { sampling, outputTokensMin: 16, pdfs: true, thinking };
  }
  if (seesPdfs.test(name)) return { pdfs: true };
  return isOldOpenAi(name) ? { pdfs: false } : undefined;
}

/** Levels by generation. `max` exists on the Responses API alone. */
function openAiThinking(name: string): ThinkingTrait | undefined {
  if (oSeries.test(name)) return effort(plain);
  const [, majorText, minorText, variant] = gpt.exec(name) ?? [];
  const major = Number(majorText);
  const minor = Number(minorText ?? 0);
  if (majorText === undefined || major < 5) return undefined;
  if (variant?.startsWith('chat') === true && minorText === undefined) return undefined;
  if (major > 5) return effort(mayStop(major, minor, variant) ? withNone : withNone.slice(1));
  // Whatever a pro or codex model takes, these three are among it.
  if (variant !== undefined && /^(?:pro|codex|chat)/u.test(variant)) return effort(plain);
  if (minor === 0) return effort(['minimal', ...plain]);
  if (minor === 1) return effort(['none', ...plain]);
  return effort(withNone, minor >= 4);
}

/** The levels on the Responses API, which alone has `max`; undefined for a model that does not think. */
export function responsesLevels(name: string): readonly Effort[] | undefined {
  const trait = openAiThinking(name);
  if (trait?.kind !== 'levels') return undefined;
  return hasMax(name) ? [...trait.levels, 'max'] : trait.levels;
}

/** From gpt-5.6 on. */
function hasMax(name: string): boolean {
  const [, major, minor = '0', variant = ''] = gpt.exec(name) ?? [];
  if (major === undefined || /^(?:pro|codex|chat)/u.test(variant)) return false;
  return Number(major) > 5 || Number(minor) >= 6;
}

const withNone: readonly Effort[] = ['none', ...plain, 'xhigh'];

function mayStop(major: number, minor: number, variant: string | undefined): boolean {
  if (major !== 6) return false;
  return minor === 0 ? /^(?:sol|luna)/u.test(variant ?? '') : minor === 1 && variant?.startsWith('terra') === true;
}

function takesSampling(name: string): boolean {
  return /^gpt-(?:5\.[1-9]|6-sol|6-luna|6\.1-terra)/u.test(name);
}

function effort(levels: readonly Effort[], refusesTools = false): ThinkingTrait {
  return { kind: 'levels', levels, refusesTools };
}
