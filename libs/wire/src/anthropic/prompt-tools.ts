import type { JsonValue } from '../json/json-value.ts';

/** The tools of a prompt. Clients send the same long list with every request, so it is read only when it is new. */
export interface PromptTools {
  /** How many bytes they have. */
  readonly size: number;
  /** The digest of their bytes. */
  digest(): string;
  read(): JsonValue;
}
