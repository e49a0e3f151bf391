/** The text is not JSON. The message says where and never quotes the text. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
  /** In bytes from the start of the text; its length when the text ended too early. */
  readonly offset: number;

  constructor(reason: string, offset: number) {
    super(`${reason} (at byte ${offset}).`);
    this.offset = offset;
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
