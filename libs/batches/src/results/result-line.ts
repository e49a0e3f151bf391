/** A line of the results; the result is JSON without ends of lines. */
export function resultLine(customId: string, result: string): string {
  return `{"custom_id":${JSON.stringify(customId)},"result":${result}}`;
}

/** The result of an item that was answered; the message is JSON without ends of lines. */
export function succeededResult(message: string): string {
  return `{"type":"succeeded","message":${message}}`;
}

/** The result of an item that failed; the error is the whole body of an error answer, in one line. */
export function erroredResult(error: string): string {
  return `{"type":"errored","error":${error}}`;
}
