/** How Claude Code gets the credential: from its settings, or from a command that prints it. */
export type SettingsCredential =
  | { readonly kind: 'token'; readonly text: string }
  | { readonly kind: 'helper'; readonly command: string };

export interface Wish {
  readonly baseUrl: string;
  readonly credential: SettingsCredential;
  /** Undefined: the names that Claude Code asks for by itself. */
  readonly model: string | undefined;
  readonly smallModel: string | undefined;
  /** The name by which Claude Code will ask. */
  readonly askedModel: string;
  /** In tokens, where the gateway knows it. */
  readonly window: number | undefined;
}

/** Changes to Claude Code's settings: members to set, and members that would stand in their way. */
export interface SettingsChange {
  readonly env: Readonly<Record<string, string>>;
  readonly apiKeyHelper: string | undefined;
  readonly removedEnv: readonly string[];
}

const claudeName = /opus|sonnet|haiku|fable/iu;
/** What Claude Code assumes of its own current models and of names that it does not know. */
const assumedWindow = 1_000_000;
/** Less counts as this much. */
const autoCompactMin = 100_000;
const windowVariables = [
  'CLAUDE_CODE_MAX_CONTEXT_TOKENS',
  'CLAUDE_CODE_AUTO_COMPACT_WINDOW',
  'CLAUDE_AUTOCOMPACT_PCT_OVERRIDE',
] as const;

/** What the settings of Claude Code must say so that it works with the gateway. */
export function claudeSettings(wish: Wish): SettingsChange {
  const { baseUrl, credential } = wish;
  const token: Readonly<Record<string, string>> =
    credential.kind === 'token' ? { ANTHROPIC_AUTH_TOKEN: credential.text } : {};
  const window = windowSettings(wish);
  // Two credentials would both be sent, and two different ones of this gateway are refused.
  const otherCredentials = ['ANTHROPIC_API_KEY', ...(credential.kind === 'helper' ? ['ANTHROPIC_AUTH_TOKEN'] : [])];
  const staleWindow = wish.window === undefined ? [] : windowVariables.filter((name) => !(name in window));
  return {
    env: { ANTHROPIC_BASE_URL: baseUrl, ...token, ...modelSettings(wish), ...window },
    apiKeyHelper: credential.kind === 'helper' ? credential.command : undefined,
    removedEnv: [...otherCredentials, ...staleWindow],
  };
}

function modelSettings({ model, smallModel }: Wish): Readonly<Record<string, string>> {
  const small: Readonly<Record<string, string>> =
    smallModel === undefined ? {} : { ANTHROPIC_DEFAULT_HAIKU_MODEL: smallModel };
  if (model === undefined) return small;
  if (claudeName.test(model)) return { ANTHROPIC_MODEL: model, ...small };
  // Claude Code asks for its own names in the background and in subagents; who chose another model means that one.
  return {
    ANTHROPIC_MODEL: model,
    ANTHROPIC_DEFAULT_OPUS_MODEL: model,
    ANTHROPIC_DEFAULT_SONNET_MODEL: model,
    ANTHROPIC_DEFAULT_FABLE_MODEL: model,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: smallModel ?? model,
  };
}

/** Claude Code reads one variable for names that it knows, and another one for the rest. */
function windowSettings({ window, askedModel }: Wish): Readonly<Record<string, string>> {
  if (window === undefined) return {};
  if (!claudeName.test(askedModel)) return { CLAUDE_CODE_MAX_CONTEXT_TOKENS: String(window) };
  if (window >= assumedWindow) return {};
  if (window >= autoCompactMin) return { CLAUDE_CODE_AUTO_COMPACT_WINDOW: String(window) };
  return {
    CLAUDE_CODE_AUTO_COMPACT_WINDOW: String(autoCompactMin),
    // A fifth of the window stays for the answer.
    CLAUDE_AUTOCOMPACT_PCT_OVERRIDE: String(Math.max(1, Math.floor((window * 0.8 * 100) / autoCompactMin))),
  };
}
