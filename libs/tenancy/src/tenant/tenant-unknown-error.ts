/** A verb named a tenant that does not exist. */
export class TenantUnknownError extends Error {
  override readonly name = 'TenantUnknownError';

  constructor(tenant: string) {
    super(`There is no tenant "${tenant}".`);
  }
}
