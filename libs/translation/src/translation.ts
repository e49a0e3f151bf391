import type { GatewayError } from '@ccg/kernel';
import type { ModelLimits, Target } from '@ccg/catalog';
import type { PromptTools } from '@ccg/wire';
import type { ToolListCache } from './tools/tool-list-cache.ts';
import type { Warning } from './warning.ts';
import type { MessagesRequest, HeaderList, Usage } from '@ccg/wire';

/** How big the prompt is, for the numbers in an overflow message. */
export interface PromptSize {
  readonly estimatedTokens: number | undefined;
  readonly windowTokens: number | undefined;
}

export interface TranslationInput {
  /** The client's body, already read at its top level. */
  readonly messagesRequest: MessagesRequest;
  /** The body's tools, if it has the member, and what was made of others before. */
  readonly tools: PromptTools | undefined;
  readonly toolListCache: ToolListCache;
  readonly target: Target;
  /** What the client asked for; answers carry this name. */
  readonly requestedModel: string;
  /** The cap on output tokens of translated requests; 0 means none. */
  readonly maxOutputTokens: number;
  /** What is known of the model's window and output. */
  readonly limits: ModelLimits;
  /** Makes ids that are unique within the gateway. */
  readonly ids: IdSource;
  /** Seals a backend's opaque state for its way through this client; bound to tenant, provider and model. */
  readonly sealer: Sealer;
  /** How many tokens the prompt has, for as long as the backend has not said; undefined is unknown. */
  readonly estimatedInputTokens: number | undefined;
  /** Fields of the upstream request that this backend refused before, and that are left out. */
  readonly rejectedFields: ReadonlySet<string>;
}

/** How sealed state begins. A later format of the seal has another number. */
export const sealTag = 'ccg1.';

export interface Sealer {
  /** Gives printable ASCII that begins with `sealTag`; the state is a byte string. */
  seal(state: string): string;
  /** Undefined for whatever this sealer did not seal: foreign, old, cut or forged. */
  open(sealed: string): string | undefined;
  /** At most 64 letters that stand for a name; the same for one tenant and provider, and nobody can undo them. */
  pseudonym(name: string): string;
}

export interface IdSource {
  /** `msg_` and so on. */
  messageId(): string;
  /** `toolu_g` and so on: an id for a tool call that came without one of its own. */
  toolUseId(): string;
}

export interface UpstreamRequest {
  /** What only this body has: where it goes and everything else that is sent with it follows from the target. */
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  readonly warnings: readonly Warning[];
  /** Fields of the body that make some servers fall silent instead of answering. */
  readonly hangProneFields?: readonly string[];
}

/** What an upstream said when it did not say 2xx. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

/** What a server that refused the length of an answer would have taken. */
export interface OutputLimit {
  /** For this request. */
  readonly outputTokens: number;
  /** What it said about the model, beyond this request. */
  readonly limits: ModelLimits;
}

/** An upstream's refusal in the client's words, and whether another try could help. */
export interface UpstreamFailure {
  readonly error: GatewayError;
  readonly retry:
    | { readonly kind: 'none' }
    | { readonly kind: 'as-is' }
    | { readonly kind: 'without'; readonly fields: readonly string[] }
    /** As `without`, but it is this request that was refused, and nothing is learned about the backend. */
    | { readonly kind: 'once-without'; readonly fields: readonly string[] }
    /** With fewer tokens for the answer. */
    | ({ readonly kind: 'shorter' } & OutputLimit);
}

/** An answer that the gateway gives by itself: frames of a stream or a document, as a byte string. */
export interface LocalAnswer {
  readonly body: string;
  readonly usage: Usage;
}

/** A whole answer in JSON mode. */
export type Answer =
  | {
      readonly kind: 'message';
      readonly body: string | Uint8Array;
      readonly usage: Usage;
      readonly usageSource: UsageSource;
    }
  | { readonly kind: 'failure'; readonly error: GatewayError };

/** Whether a backend counted, or the gateway guessed because it did not; only counts may teach an estimator. */
type UsageSource = 'reported' | 'estimated';

/** Where a stream stands. */
export interface Progress {
  /** Whether anything has been written to the sink: from then on no status can be chosen. */
  readonly visible: boolean;
  readonly usage: Usage;
  readonly usageSource: UsageSource;
  readonly state: 'open' | 'complete' | 'truncated' | 'failed';
  /** Set once `state` is `truncated` or `failed`: what the client was told, or would have been. */
  readonly error: GatewayError | undefined;
}

/**
 * Takes the upstream's bytes in any chunking and writes finished SSE frames, only whole ones, many to a write.
 * `end` is the upstream's clean end of body; `fail` is how an abort, an idle timeout or a dead upstream ends a
 * stream. Both are final, and calling either after the terminal event changes nothing.
 */
export interface StreamTranslator {
  push(bytes: Uint8Array): void;
  end(): void;
  fail(failure: GatewayError): void;
  progress(): Progress;
}

/** Receives whole SSE frames: a byte string, or the upstream's own bytes. */
export type FrameSink = (frames: string | Uint8Array) => void;

/** Reads what the upstream answers. It holds neither the client's body nor the upstream's: a stream may last for hours. */
export interface AnswerReader {
  /** Reads a whole answer in JSON mode. */
  answer(body: Uint8Array): Answer;
  stream(sink: FrameSink): StreamTranslator;
  /** Reads an answer whose status is not 2xx. */
  failure(upstream: UpstreamAnswer, at: PromptSize): UpstreamFailure;
}

/** One request translated for one target; made anew for every attempt. */
export interface Translation {
  readonly request: UpstreamRequest;
  /** Set when the gateway answers by itself, without an upstream: the whole answer, as a stream or as JSON. */
  readonly localAnswer: LocalAnswer | undefined;
  readonly reader: AnswerReader;
}
