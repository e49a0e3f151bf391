import type { ReasoningOrigin } from './reasoning-state.ts';

/** A piece of reasoning that can be read: the content of a JSON string literal, and the member that it came in. */
export interface ReasoningPiece {
  readonly literal: string;
  readonly origin: ReasoningOrigin;
}
