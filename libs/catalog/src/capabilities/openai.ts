import type { ChatOverrides, Effort, ThinkingForm } from './capabilities.ts';

const oSeries = /^o\d+(?:-|$)/u;
const gpt = /^gpt-(\d+)(?:\.(\d+))?(?:-(.+))?$/u;
const plain: readonly Effort[] = ['low', 'medium', 'high'];

/** What every model of OpenAI's own API has in common. */
export const openAiServer: ChatOverrides = {
  maxTokensField: 'max_completion_tokens',
  systemTurns: 'in-place',
  obfuscates: true,
  identifiers: true,
  pdfs: true,
  strictTools: true,
  plainSchemas: true,
  structuredWithTools: true,
  toolIds: 'at-most-64',
};

/** What follows from a name of OpenAI's, wherever the model is served; undefined for any other name. */
export function openAiModel(name: string): ChatOverrides | undefined {
  const thinking = openAiThinking(name);
  if (thinking !== undefined) {
    return {
      systemRole: 'developer',
      sampling: takesSampling(name) ? 'without-thinking' : 'never',
      stopSequencesMax: 0,
      outputTokensMin: 16,
      pdfs: true,
      thinking,
    };
  }
  if (/^(?:gpt-4\.1|gpt-4o|chatgpt-4o|gpt-[5-9])/u.test(name)) return { pdfs: true };
  return /^gpt-(?:3|4)/u.test(name) ? { pdfs: false, structuredOutput: 'json_object' } : undefined;
}

/** Levels by generation. `max` exists on the Responses API alone. */
function openAiThinking(name: string): ThinkingForm | undefined {
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

const withNone: readonly Effort[] = ['none', ...plain, 'xhigh'];

function mayStop(major: number, minor: number, variant: string | undefined): boolean {
  if (major !== 6) return false;
  return minor === 0 ? /^(?:sol|luna)/u.test(variant ?? '') : minor === 1 && variant?.startsWith('terra') === true;
}

function takesSampling(name: string): boolean {
  return /^gpt-(?:5\.[1-9]|6-sol|6-luna|6\.1-terra)/u.test(name);
}

function effort(levels: readonly Effort[], refusesTools = false): ThinkingForm {
  return { kind: 'effort', field: 'reasoning_effort', levels, refusesTools };
}
