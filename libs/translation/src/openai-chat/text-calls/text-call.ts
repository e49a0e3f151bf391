import type { ArgumentKinds } from './argument-json.ts';

/** A call that a model wrote as text. Both are Unicode text. */
export interface TextCall {
  readonly name: string;
  /** The JSON text of an object. */
  readonly input: string;
}

/** What arguments of a tool may be; the name is as the model wrote it. */
export type KindsOf = (tool: string, argument: string) => ArgumentKinds;

/** The client's tools, by the names that the model uses. */
export interface CallableTools {
  isDeclared(name: string): boolean;
  readonly kindsOf: KindsOf;
}

/** What stood between an opener and its closer. */
export interface CallBlock {
  /** Unicode text. */
  readonly text: string;
  /** Whether the closer came: without it only what proves its own end counts. */
  readonly closed: boolean;
}
