/** The redis keys of batches. `v1` is the version of what is stored under a name. */
export interface BatchKeys {
  /** HASH: the record of a batch, its state and its counts. */
  record(tenant: string, id: string): string;
  /** STRING: a bit for each item, set when the item has its result. */
  done(tenant: string, id: string): string;
  /** HASH: index of a running item → when its claim lapses, and whose claim it is. */
  running(tenant: string, id: string): string;
  /** ZSET: index and claim of the items completed in the last minutes, by the time of their completion. It expires. */
  completions(tenant: string, id: string): string;
  /** STRING: what items wait for that were tried, and until when. It expires. */
  wait(tenant: string, id: string): string;
  /** STREAM: results that are in no file yet, by their number; the field `line` is one of JSON. */
  results(tenant: string, id: string): string;
  /** LIST: the names of the files of results. */
  resultFiles(tenant: string, id: string): string;
  /** ZSET: the batches of a tenant. Their ids are in the order of their creation. */
  list(tenant: string): string;
  /** ZSET: those of one user, or of one API key of a service. */
  listOf(tenant: string, owner: string): string;
  /** ZSET: the batches that have not ended, by the time at which they expire. */
  active(tenant: string): string;
  /** ZSET: the batches that have ended, by the time at which their results are removed. */
  ended(tenant: string): string;
  /** ZSET: batches whose files are to be removed, by the time since when. */
  removals(tenant: string): string;
  /** STRING: that a batch is being uploaded. It expires, and the batch cannot be committed then. */
  upload(tenant: string, id: string): string;
  /** HASH: a request to create a batch that must have its effect once. It expires. */
  once(tenant: string, digest: string): string;
  /** HASH: name → content of the files of a batch, where Redis keeps them. */
  files(tenant: string, id: string): string;
  /** ZSET: the uploads of all tenants, by the time at which they began. */
  uploads(): string;
  /** ZSET: the tenants that have batches, by the time of their last one. */
  tenants(): string;
  /** ZSET: the workers and how many items each runs at a time, by the time at which each counts as gone. */
  workers(): string;
  /** STRING: which worker hands out items now. It expires. */
  dispatcher(): string;
  /** What the names of the queue of items begin with; all of them are in one hash slot. */
  queue(): string;
  /** HASH: how many bytes of files Redis keeps for a batch, and for all of them. */
  fileBytes(): string;
  /** STRING: which files the batches have. */
  filesIdentity(): string;
}

/** Builds them from the two ways in which a name begins. */
export function createBatchKeys(
  ofTenant: (tenant: string, rest: string) => string,
  ofAll: (rest: string) => string,
): BatchKeys {
  return {
    record: (tenant, id) => ofTenant(tenant, `batch:v1:${id}`),
    done: (tenant, id) => ofTenant(tenant, `batch-done:v1:${id}`),
    running: (tenant, id) => ofTenant(tenant, `batch-running:v1:${id}`),
    completions: (tenant, id) => ofTenant(tenant, `batch-completions:v1:${id}`),
    wait: (tenant, id) => ofTenant(tenant, `batch-wait:v1:${id}`),
    results: (tenant, id) => ofTenant(tenant, `batch-results:v1:${id}`),
    resultFiles: (tenant, id) => ofTenant(tenant, `batch-result-files:v1:${id}`),
    list: (tenant) => ofTenant(tenant, 'batches:v1'),
    listOf: (tenant, owner) => ofTenant(tenant, `batches-of:v1:${owner}`),
    active: (tenant) => ofTenant(tenant, 'active-batches:v1'),
    ended: (tenant) => ofTenant(tenant, 'ended-batches:v1'),
    removals: (tenant) => ofTenant(tenant, 'batch-removals:v1'),
    upload: (tenant, id) => ofTenant(tenant, `batch-upload:v1:${id}`),
    once: (tenant, digest) => ofTenant(tenant, `batch-once:v1:${digest}`),
    files: (tenant, id) => ofTenant(tenant, `batch-files:v1:${id}`),
    uploads: () => ofAll('batch-uploads:v1'),
    tenants: () => ofAll('batch-tenants:v1'),
    workers: () => ofAll('batch-workers:v1'),
    dispatcher: () => ofAll('batch-dispatcher:v1'),
    queue: () => ofAll('{batch-queue}:v1'),
    fileBytes: () => ofAll('batch-file-bytes:v1'),
    filesIdentity: () => ofAll('batch-files-identity:v1'),
  };
}
