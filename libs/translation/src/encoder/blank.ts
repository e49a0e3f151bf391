/** Whether the content of a string literal is white space alone. */
export function isBlank(literal: string): boolean {
  return /^(?:[ \t]|\\[nrt])*$/u.test(literal);
}
