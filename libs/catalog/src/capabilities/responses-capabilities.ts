import type { ChatCapabilities, ChatProfile } from './chat-capabilities.ts';
import { chatCapabilities } from './chat-forms.ts';
import type { ChatServer } from './chat-forms.ts';
import { definedOf } from './corrections.ts';
import type { Corrections } from './corrections.ts';
import { bareName, traitsByName } from './known-models.ts';
import type { Effort, ModelOverride } from './model-traits.ts';
import { responsesLevels } from './openai-models.ts';

/** What a model can do and its server takes is the same as for chat completions, as far as it is said in the same words. */
type SharedCapabilities = Pick<
  ChatCapabilities,
  | 'images'
  | 'imageUrls'
  | 'pdfs'
  | 'sampling'
  | 'outputTokensMin'
  | 'thinkTags'
  | 'textCalls'
  | 'systemTurns'
  | 'obfuscates'
  | 'identifiers'
  | 'structuredOutput'
  | 'structuredWithTools'
  | 'strictTools'
  | 'plainSchemas'
  | 'parallelToolCalls'
  | 'toolNameMax'
  | 'toolIds'
>;

/** All that a translation to the Responses API reads of its target. */
export interface ResponsesCapabilities extends SharedCapabilities {
  /** The levels of `reasoning.effort`; empty where none is known to be taken. */
  readonly levels: readonly Effort[];
  /** Whether the reasoning of earlier turns is asked for in encrypted form, and sent back. */
  readonly encryptedReasoning: boolean;
  /** Whether the result of a tool may hold images and files. */
  readonly mediaInResults: boolean;
  /** Whether files may be given by their URL. */
  readonly fileUrls: boolean;
  /** Whether the server searches the web by itself. */
  readonly webSearch: boolean;
}

/** What the server adds to what is known of its chat completions. */
const servers: Readonly<Record<ChatProfile, Pick<ResponsesCapabilities, 'mediaInResults' | 'fileUrls' | 'webSearch'>>> =
  {
    openai: { mediaInResults: true, fileUrls: true, webSearch: true },
    openrouter: { mediaInResults: false, fileUrls: false, webSearch: false },
    nvidia: { mediaInResults: false, fileUrls: false, webSearch: false },
    compatible: { mediaInResults: false, fileUrls: false, webSearch: false },
  };

/** The capabilities of a model: those of the same model on chat completions, its levels by name, and the operator. */
export function responsesCapabilities(
  server: ChatServer,
  model: string,
  overrides: readonly ModelOverride[],
  corrections: Corrections<ResponsesCapabilities> = {},
): ResponsesCapabilities {
  const chat = chatCapabilities(server, model, overrides);
  const byName = traitsByName(model).thinking;
  const levels = responsesLevels(bareName(model)) ?? (byName?.kind === 'levels' ? byName.levels : []);
  return {
    ...chat,
    levels,
    encryptedReasoning: levels.length > 0,
    ...servers[server.profile],
    ...definedOf(corrections),
  };
}
