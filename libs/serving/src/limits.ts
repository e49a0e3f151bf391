/** What a tenant may use. */
export interface Limits {
  /** Undefined is unlimited. */
  readonly requestsPerMinute: number | undefined;
}
