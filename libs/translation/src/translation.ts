import type { GatewayError } from '@ccg/kernel';
import type { ModelLimits, Target } from '@ccg/catalog';
import type { PromptTools, MessagesRequest, HeaderList, Usage } from '@ccg/wire';
import type { Rejection } from './failure/rejections.ts';
import type { ToolListCache } from './tools/tool-list-cache.ts';
import type { Warning } from './warnings.ts';

/** The size of the prompt, for the numbers in an overflow message. */
export interface PromptSize {
  readonly estimatedTokens: number | undefined;
  readonly windowTokens: number | undefined;
}

export interface TranslationInput {
  /** Every error event of a stream names it. */
  readonly requestId: string;
  /** The client's body, already read at its top level. */
  readonly messagesRequest: MessagesRequest;
  /** The tools of the body, if it has any. */
  readonly tools: PromptTools | undefined;
  readonly toolListCache: ToolListCache;
  readonly target: Target;
  /** The model that the client asked for. Answers carry this name. */
  readonly requestedModel: string;
  /** The cap on output tokens of translated requests; 0 means none. */
  readonly maxOutputTokens: number;
  /** The known limits of the model's window and output. */
  readonly limits: ModelLimits;
  /** Makes ids that are unique within the gateway. */
  readonly ids: IdSource;
  /** Seals a backend's opaque state while the client holds it. Bound to tenant, provider and model. */
  readonly sealer: Sealer;
  /** The estimated tokens of the prompt, used until the backend reports a count. Undefined: unknown. */
  readonly estimatedInputTokens: number | undefined;
  /** What this target's server was found to reject, the newest last. It is not sent. */
  readonly rejections: readonly Rejection[];
}

/** How sealed state begins. A later format of the seal has another number. */
export const sealTag = 'ccg1.';

export interface Sealer {
  /** Gives printable ASCII that begins with `sealTag`; the state is a byte string. */
  seal(state: string): string;
  /** Undefined for anything that this sealer did not seal, or that was changed since. */
  open(sealed: string): string | undefined;
  /** A pseudonym of at most 64 characters: stable for one tenant and provider, and not reversible. */
  pseudonym(name: string): string;
}

export interface IdSource {
  /** `msg_` and so on. */
  messageId(): string;
  /** `toolu_g` and so on: the id of a tool call that came without one. */
  toolUseId(): string;
}

export interface UpstreamRequest {
  /** Headers that depend on this body. The URL and all other headers follow from the target. */
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  readonly warnings: readonly Warning[];
  /** Fields of the body that make some servers hang instead of answering. */
  readonly hangProneFields?: readonly string[];
}

/** An upstream's answer whose status is not 2xx. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

/** The limit that a server stated when it rejected `max_tokens`. */
export interface OutputLimit {
  /** For this request. */
  readonly outputTokens: number;
  /** What it stated about the model in general. */
  readonly limits: ModelLimits;
}

/** An upstream's failure as the client is told it, and whether another try can help. */
export interface UpstreamFailure {
  readonly error: GatewayError;
  readonly retry:
    | { readonly kind: 'none' }
    /** Without what was rejected. `isLearned`: it holds for later requests to this target, too. */
    | { readonly kind: 'changed'; readonly rejections: readonly Rejection[]; readonly isLearned: boolean }
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

/** Whether the backend counted the tokens or the gateway estimated them. Only counts may calibrate an estimator. */
type UsageSource = 'reported' | 'estimated';

/** The state of a stream. */
export interface Progress {
  /** Whether anything has been written to the sink: from then on no status can be chosen. */
  readonly visible: boolean;
  readonly usage: Usage;
  readonly usageSource: UsageSource;
  readonly state: 'open' | 'complete' | 'truncated' | 'failed';
  /**
   * Undefined until the backend has said why its answer ends; `end` makes it whole from then on. It changes with every
   * part of the answer that comes after that all the same.
   */
  readonly finishedAt: number | undefined;
  /** Set when `state` is `truncated` or `failed`: the error for the client. */
  readonly error: GatewayError | undefined;
}

/**
 * Takes the upstream's bytes in any chunking and writes whole SSE frames, many to a write.
 * `end` is the upstream's clean end of body; `fail` is how an abort, an idle timeout or a dead upstream ends a
 * stream. Both are final, and calling either after the terminal event changes nothing.
 */
export interface StreamTranslator {
  push(bytes: Uint8Array): void;
  end(): void;
  fail(failure: GatewayError): void;
  progress(): Progress;
}

/** Takes the bytes of an answer as a stream translator does, and writes nothing. */
export interface AnswerCollector extends StreamTranslator {
  /** The whole answer. To be asked for once its state is no longer `open`. */
  answer(): Answer;
}

/** Receives whole SSE frames: a byte string, or the upstream's own bytes. */
export type FrameSink = (frames: string | Uint8Array) => void;

/**
 * Reads what the upstream answers. It holds neither the client's body nor the one that was sent: a stream may last for
 * hours.
 */
export interface AnswerReader {
  /** Reads an answer that has come as a whole, like `collect`. */
  answer(body: Uint8Array): Answer;
  /** Translates an answer into one JSON message, whether it is one or a stream of events. */
  collect(): AnswerCollector;
  /** Translates an answer into a stream of events, whether it is one or one JSON message. */
  stream(sink: FrameSink): StreamTranslator;
  /** Reads an answer whose status is not 2xx. */
  failure(upstream: UpstreamAnswer, at: PromptSize): UpstreamFailure;
  /** How to send the request again after a failure inside of an answer, of which the client has seen nothing. */
  retry?(at: PromptSize): UpstreamFailure['retry'];
}

/** How the provider counts the tokens of a prompt. */
export interface PromptCount {
  /** Whether the provider takes the client's own request, so that what it says of it is said to the client. */
  readonly isOfClient: boolean;
  request(this: void): Pick<UpstreamRequest, 'headers' | 'body'>;
  /** The client's answer; undefined for anything that is no count. */
  answer(this: void, body: Uint8Array): string | Uint8Array | undefined;
}

/** One request translated for one target; made anew for every attempt. */
export interface Translation {
  readonly request: UpstreamRequest;
  /** Unset where the dialect has no request that counts. */
  readonly count?: PromptCount;
  /** Set when the gateway answers by itself, without an upstream: the whole answer, as a stream or as JSON. */
  readonly localAnswer: LocalAnswer | undefined;
  readonly reader: AnswerReader;
}
