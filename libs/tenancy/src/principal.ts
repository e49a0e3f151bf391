/** Who a request acts for. */
export interface Principal {
  readonly kind: 'api-key';
  readonly tenant: string;
  readonly apiKeyId: string;
  /** The developer to whom the API key was issued; undefined for a service. */
  readonly user: string | undefined;
}
