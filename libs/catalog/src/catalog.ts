import type { Provider } from './provider.ts';
import type { ModelReference } from './targets.ts';

/** Everything the operator configured about providers and models. */
export interface Catalog {
  readonly providers: ReadonlyMap<string, Provider>;
  /** Serves every name that does not choose a provider itself. */
  readonly preferred: Provider;
  /** What sonnet, opus and other Claude names become; undefined passes them unchanged. */
  readonly big: ModelReference | undefined;
  /** What haiku names become; undefined passes them unchanged. */
  readonly small: ModelReference | undefined;
  /** The cap on output tokens of translated requests; 0 means none. */
  readonly maxOutputTokens: number;
  /** The context windows that the operator set, by `{provider}:{model}`. */
  readonly windows: ReadonlyMap<string, number>;
}
