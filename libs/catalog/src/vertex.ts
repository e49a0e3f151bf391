import { z } from 'zod';
import { isHttpUrl, onOrOff, optionalText } from './env-rules.ts';

/** Where a project of Vertex AI is reached. */
interface VertexPlace {
  readonly project: string;
  /** A region such as `us-central1`, `us` or `eu` for all regions there, or `global`. */
  readonly location: string;
  /** In the place of Google's host; unset: the one of the location. */
  readonly apiBase?: string | undefined;
}

const locationForm = /^(?:global|us|eu|[a-z]+-[a-z]+\d{1,2})$/u;
/** Ids, numbers, and ids of a domain's own. */
const projectForm = /^(?:[a-z0-9.-]+:)?[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/u;
const locationRule = 'must be a region such as us-central1, or us, eu or global';
const projectRule = 'must be the id or the number of a Google Cloud project, such as my-project-123';

/** The base URL below which Vertex AI has the same paths as Gemini's own API. */
export function vertexBaseUrl({ project, location, apiBase }: VertexPlace): string {
  const base = (apiBase ?? `https://${hostOf(location)}`).replace(/\/+$/u, '');
  const version = /\/v\d+[a-z\d]*$/u.test(base) ? '' : '/v1beta1';
  return `${base}${version}/projects/${project}/locations/${location}/publishers/google`;
}

function hostOf(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com';
  if (location === 'us' || location === 'eu') return `aiplatform.${location}.rep.googleapis.com`;
  return `${location}-aiplatform.googleapis.com`;
}

const projectId = z.string().regex(projectForm, { error: projectRule });
const locationName = z.string().regex(locationForm, { error: locationRule });

/** Tokens of Google, in the place of a secret. */
export const googleCredentialRule = z.strictObject({
  kind: z.literal('google'),
  project: projectId,
  keyFile: z.string().optional(),
});

/** The same in `gateway.yaml`. */
export const vertexSource = z.strictObject({
  vertex: z.strictObject({ project: projectId, location: locationName.default('global') }),
});

/** The variables of Vertex AI, which reach the provider `gemini` in another way than its key does. */
export const vertexVariables = {
  USE_VERTEX_AUTH: onOrOff(false),
  VERTEX_PROJECT: optionalText().pipe(projectId.optional()),
  VERTEX_LOCATION: optionalText().pipe(locationName.default('global')),
  VERTEX_API_BASE: optionalText().refine((text) => text === undefined || isHttpUrl(text), {
    error:
      'must be an http:// or https:// URL without a query, credentials or fragment, such as https://aiplatform.googleapis.com',
  }),
  GOOGLE_APPLICATION_CREDENTIALS: optionalText(),
};

type VertexVariables = z.output<z.ZodObject<typeof vertexVariables>>;

/** What the variables say of the provider `gemini`; undefined where they leave it to its key. */
export function vertexSettings(variables: VertexVariables) {
  const { USE_VERTEX_AUTH, VERTEX_PROJECT: project, VERTEX_LOCATION: location, VERTEX_API_BASE: apiBase } = variables;
  if (!USE_VERTEX_AUTH || project === undefined) return undefined;
  return {
    baseUrl: vertexBaseUrl({ project, location, apiBase }),
    google: { kind: 'google', project, keyFile: variables.GOOGLE_APPLICATION_CREDENTIALS },
  };
}

type Env = Readonly<Record<string, string | undefined>>;

/** The variables of Vertex AI that are there and ask for it, however well. */
export function vertexVariablesIn(env: Env): readonly string[] {
  const asked = (env['USE_VERTEX_AUTH'] ?? '').trim();
  const isOff = /^(?:false|0)$/iu.test(asked);
  const own = ['VERTEX_PROJECT', 'VERTEX_LOCATION', 'VERTEX_API_BASE'].filter(
    (name) => (env[name] ?? '').trim() !== '',
  );
  return isOff ? [] : [...(asked === '' ? [] : ['USE_VERTEX_AUTH']), ...own];
}

/** What is wrong with the variables together. */
export function vertexProblems(env: Env): readonly { readonly path: readonly [string]; readonly message: string }[] {
  const isSet = (name: string) => (env[name] ?? '').trim() !== '';
  const own = ['VERTEX_PROJECT', 'VERTEX_LOCATION', 'VERTEX_API_BASE'].filter(isSet);
  if (!isSet('USE_VERTEX_AUTH')) {
    if (own.length === 0) return [];
    const names = own.join(', ');
    const message = `not set, so that ${names} would have no effect. Set USE_VERTEX_AUTH=true, or false to keep ${names} unused, or remove ${names}`;
    return [{ path: ['USE_VERTEX_AUTH'], message }];
  }
  if (!/^(?:true|1)$/iu.test(env['USE_VERTEX_AUTH']?.trim() ?? '')) return [];
  const together = 'cannot be set together with USE_VERTEX_AUTH=true';
  return [
    ...(isSet('VERTEX_PROJECT')
      ? []
      : [
          {
            path: ['VERTEX_PROJECT'] as const,
            message: `required with USE_VERTEX_AUTH=true: the id of a Google Cloud project`,
          },
        ]),
    ...(isSet('GEMINI_API_KEY')
      ? [
          {
            path: ['GEMINI_API_KEY'] as const,
            message: `${together}: the provider gemini is reached by its key or by Vertex AI. Remove GEMINI_API_KEY, or set USE_VERTEX_AUTH=false; for both, name two providers in gateway.yaml`,
          },
        ]
      : []),
    ...(isSet('GEMINI_API_BASE')
      ? [
          {
            path: ['GEMINI_API_BASE'] as const,
            message: `${together}. Remove it; VERTEX_API_BASE is the one of Vertex AI`,
          },
        ]
      : []),
  ];
}
