/** Why a collector did not take spans, in words that hold nothing of what it or anybody else said. */
export function failureText(error: Error | undefined, timeoutMs: number): string {
  if (error === undefined) return 'unknown';
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'number') return `HTTP status ${code}`;
  if (typeof code === 'string') return `no connection (${code})`;
  switch (error.message) {
    case 'Request timed out':
      return `no answer in ${timeoutMs} ms (OTEL_EXPORTER_OTLP_TIMEOUT)`;
    case 'Export failed with retryable status':
      return 'HTTP status 429, 502, 503 or 504';
    default:
      return error.name;
  }
}
