/** The text is not JSON. The message says where and never quotes the text. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
  /** In bytes from the start of the text; its length when the text ended too early. */
  readonly offset: number;
  readonly #reason: string;

  constructor(reason: string, offset: number) {
    super(`${reason} (at byte ${offset}).`);
    this.offset = offset;
    this.#reason = reason;
  }

  /** The same fault in a text that has `bytes` more before it. */
  movedBy(bytes: number): JsonSyntaxError {
    return new JsonSyntaxError(this.#reason, this.offset + bytes);
  }
}

/** Arrays and objects are nested deeper than the reader was told to follow. */
export class JsonDepthError extends Error {
  override readonly name = 'JsonDepthError';
  readonly maxDepth: number;

  constructor(maxDepth: number) {
    super(`The JSON is nested more than ${maxDepth} levels deep.`);
    this.maxDepth = maxDepth;
  }
}
