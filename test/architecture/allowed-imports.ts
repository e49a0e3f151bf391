/** What one package may import. Anything that is not listed is denied. */
export interface AllowedImports {
  /** Packages of this repository. */
  readonly own: readonly string[];
  /** Packages of the registry; a subpath such as `js-redis-server/core` belongs to its package. */
  readonly external: readonly string[];
  /** Whether production files may import `node:` modules; tests always may. */
  readonly node: boolean;
}

const allLibs = [
  '@ccg/kernel',
  '@ccg/wire',
  '@ccg/catalog',
  '@ccg/tokens',
  '@ccg/translation',
  '@ccg/upstream',
  '@ccg/store',
  '@ccg/tenancy',
  '@ccg/admission',
  '@ccg/usage',
  '@ccg/serving',
  '@ccg/telemetry',
  '@ccg/edge',
  '@ccg/batches',
] as const;

/** Every folder of apps/ and libs/, and `test`; arrows point downwards only. */
export const allowedImports: Readonly<Record<string, AllowedImports>> = {
  'libs/kernel': { own: [], external: [], node: false },
  'libs/wire': { own: ['@ccg/kernel'], external: [], node: false },
  'libs/catalog': { own: ['@ccg/kernel', '@ccg/wire'], external: ['yaml', 'zod'], node: false },
  'libs/tokens': { own: ['@ccg/kernel', '@ccg/wire', '@ccg/catalog'], external: ['gpt-tokenizer'], node: false },
  'libs/translation': { own: ['@ccg/kernel', '@ccg/wire', '@ccg/catalog'], external: [], node: false },
  'libs/upstream': {
    own: ['@ccg/kernel', '@ccg/wire', '@ccg/catalog'],
    external: ['google-auth-library', 'undici'],
    node: true,
  },
  'libs/store': { own: ['@ccg/kernel'], external: ['ioredis'], node: true },
  'libs/tenancy': { own: ['@ccg/kernel', '@ccg/store'], external: ['jose'], node: true },
  'libs/admission': { own: ['@ccg/kernel', '@ccg/store'], external: ['rate-limiter-flexible'], node: true },
  'libs/usage': { own: ['@ccg/kernel', '@ccg/wire', '@ccg/store'], external: [], node: true },
  'libs/batches': {
    own: ['@ccg/kernel', '@ccg/wire', '@ccg/store', '@ccg/tenancy'],
    external: ['@aws-sdk/client-s3'],
    node: true,
  },
  'libs/telemetry': {
    own: ['@ccg/kernel'],
    external: [
      '@opentelemetry/api',
      '@opentelemetry/exporter-trace-otlp-proto',
      '@opentelemetry/resources',
      'pino',
      'prom-client',
    ],
    node: true,
  },
  'libs/serving': {
    own: allLibs.filter((lib) => lib !== '@ccg/serving' && lib !== '@ccg/edge' && lib !== '@ccg/batches'),
    external: [],
    node: true,
  },
  'libs/edge': {
    own: ['@ccg/kernel', '@ccg/wire', '@ccg/tenancy', '@ccg/telemetry'],
    external: ['express', 'rate-limiter-flexible'],
    node: true,
  },
  'libs/startup': {
    own: [
      '@ccg/kernel',
      '@ccg/admission',
      '@ccg/batches',
      '@ccg/catalog',
      '@ccg/edge',
      '@ccg/serving',
      '@ccg/store',
      '@ccg/telemetry',
      '@ccg/tenancy',
      '@ccg/tokens',
      '@ccg/upstream',
      '@ccg/usage',
    ],
    external: ['zod'],
    node: true,
  },
  'libs/testkit': { own: allLibs, external: ['ioredis', 'testcontainers'], node: true },
  'apps/gateway': { own: [...allLibs, '@ccg/startup'], external: ['zod'], node: true },
  'apps/admin': {
    own: [
      '@ccg/kernel',
      '@ccg/batches',
      '@ccg/catalog',
      '@ccg/store',
      '@ccg/tenancy',
      '@ccg/admission',
      '@ccg/batches',
      '@ccg/usage',
      '@ccg/telemetry',
      '@ccg/edge',
      '@ccg/startup',
    ],
    external: ['@bull-board/api', '@bull-board/express', 'bullmq', 'rate-limiter-flexible', 'zod', 'zod-openapi'],
    node: true,
  },
  'apps/worker': { own: [...allLibs, '@ccg/startup'], external: ['bullmq', 'zod'], node: true },
  'apps/local': {
    own: [...allLibs, '@ccg/startup', '@ccg/gateway', '@ccg/admin', '@ccg/worker'],
    external: ['js-redis-server', 'zod', '@copilotkit/aimock'],
    node: true,
  },
  'apps/cli': {
    own: ['@ccg/kernel', '@ccg/wire', '@ccg/tenancy', '@ccg/startup'],
    external: ['commander'],
    node: true,
  },
  test: {
    own: [...allLibs, '@ccg/startup', '@ccg/gateway', '@ccg/admin', '@ccg/worker', '@ccg/local'],
    external: [
      '@copilotkit/aimock',
      '@grafana/grafana-foundation-sdk',
      '@kubernetes-models/gateway-api',
      '@kubernetes-models/keda',
      '@kubernetes-models/prometheus-operator',
      '@seriousme/openapi-schema-validator',
      'ioredis',
      'jose',
      'oidc-provider',
      'undici',
      'vite',
      'yaml',
      'zod',
    ],
    node: true,
  },
};

/** Modules for tests alone: files named `*.test.ts`, everything in `test/`, and the testkit itself. */
export const testOnlyImports: readonly string[] = ['@ccg/testkit', '@anthropic-ai/sdk', 'fast-check', 'vitest'];

/** Modules that only some files of an allowed package may import; tests are free. Paths are prefixes. */
export const confinedImports: Readonly<Record<string, readonly string[]>> = {
  // The digest of a Lua script is Redis's own name for it; credentials are the only other thing that libs hash.
  'node:crypto': [
    'apps/',
    'libs/tenancy/src/credentials/',
    'libs/store/src/script.ts',
    'libs/serving/src/sealing/',
    'libs/edge/src/random-id.ts',
    'libs/startup/src/',
  ],
  jose: ['libs/tenancy/src/credentials/'],
  // A development dependency: the file that holds the demo loads it when asked for.
  '@copilotkit/aimock': ['apps/local/src/demo'],
};

/** Production files that may import development dependencies. */
export const developmentFiles: readonly string[] = ['apps/local/src/demo'];

/**
 * Folders that only one file besides their own may import: what two dialects need stands beside them, so that a new
 * dialect needs nothing of another. Tests are free.
 */
export const closedFolders: Readonly<Record<string, string>> = {
  'libs/translation/src/anthropic': 'libs/translation/src/create-translation.ts',
  'libs/translation/src/anthropic-compatible': 'libs/translation/src/create-translation.ts',
  'libs/translation/src/gemini': 'libs/translation/src/create-translation.ts',
  'libs/translation/src/ollama': 'libs/translation/src/create-translation.ts',
  'libs/translation/src/openai-chat': 'libs/translation/src/create-translation.ts',
  'libs/translation/src/openai-responses': 'libs/translation/src/create-translation.ts',
};
