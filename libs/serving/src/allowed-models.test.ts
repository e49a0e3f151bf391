import { catalogFromEnv, createTargets, resolveRoute } from '@ccg/catalog';
import { GatewayError } from '@ccg/kernel';
import type { PolicyLevel, TenantPrincipal } from '@ccg/tenancy';
import { describe, expect, test } from 'vitest';
import { ask, run, startServingRig } from '../test/serving-rig.ts';
import { listAllowedModels, refuseUnlessAllowed } from './allowed-models.ts';

const catalog = catalogOf({
  PREFERRED_PROVIDER: 'openai',
  OPENAI_API_KEY: 'sk-test',
  GEMINI_API_KEY: 'g-test',
  BIG_MODEL: 'gpt-4.1',
  SMALL_MODEL: 'gemini:gemini-2.5-flash',
});
const targets = createTargets(catalog);

function catalogOf(env: Readonly<Record<string, string>>) {
  const made = catalogFromEnv(env);
  if (made.kind === 'faulty') throw new Error(made.problems.join('\n'));
  return made.catalog;
}

type List = Omit<PolicyLevel, 'of'>;

function principalWith(...lists: readonly List[]): TenantPrincipal {
  const levels = lists.map((list): PolicyLevel => ({ ...list, of: 'tenant' }));
  return {
    kind: 'api-key',
    tenant: 'acme',
    apiKeyId: 'key_1',
    apiKeyName: 'laptop',
    userName: undefined,
    user: undefined,
    expiresAtMs: undefined,
    group: undefined,
    waitingWeight: 1,
    authorization: {
      scopes: ['messages'],
      policy: { kind: 'restricted', levels },
      limits: [],
      timeZone: 'UTC',
      contact: 'the operators of this gateway',
    },
  };
}

interface Asked {
  readonly model: string;
  readonly prefix?: { readonly provider: string; readonly model: string };
}

/** What the client is told; undefined where the request passes. */
function refusal(lists: readonly List[], { model, prefix }: Asked): string | undefined {
  try {
    refuseUnlessAllowed(principalWith(...lists), resolveRoute(catalog, targets, { model, prefix }), {
      catalog,
      targets,
    });
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    expect([thrown.status, thrown.type, thrown.code]).toEqual([403, 'permission_error', 'model-denied']);
    return thrown.publicMessage;
  }
}

const sonnet = { model: 'claude-sonnet-4-5' };
const byUrl = { model: 'claude-sonnet-4-5', prefix: { provider: 'gemini', model: 'gemini-2.5-pro' } };

describe('a request', () => {
  test.each<[what: string, lists: readonly List[], asked: Asked, passes: boolean]>([
    ['by an allowed name', [{ models: ['claude-*'] }], sonnet, true],
    ['by another name', [{ models: ['claude-*'] }], { model: 'gpt-4.1' }, false],
    ['by a name whose target is allowed', [{ targets: ['openai:gpt-4.1'] }], sonnet, true],
    ['by a name whose target is not', [{ targets: ['openai:gpt-4.1'] }], { model: 'claude-haiku-4-5' }, false],
    ['by a name that both lists allow', [{ models: ['*sonnet*'], targets: ['openai:*'] }], sonnet, true],
    ['by the URL, the body of which has an allowed name', [{ models: ['claude-*'] }], byUrl, false],
    ['by the URL, to an allowed target', [{ models: ['claude-*'], targets: ['gemini:*'] }], byUrl, true],
    ['by the URL, under the other name of the provider', [{ targets: ['google:*-pro'] }], byUrl, true],
    ['by the other name itself', [{ targets: ['gemini:*'] }], { model: 'google:gemini-2.5-pro' }, true],
    ['to a target in the body', [{ models: ['*'] }], { model: 'openai:o3' }, true],
    ['to a target in the body that no list has', [{ models: ['openai:o3'] }], { model: 'openai:o3' }, false],
    ['to a target by an id of the list', [{ models: ['claude-via-*'] }], { model: 'claude-via-openai:gpt-4.1' }, false],
    ['to an allowed one by such an id', [{ targets: ['openai:*'] }], { model: 'claude-via-openai:gpt-4.1' }, true],
    ['that one of two levels refuses', [{ models: ['claude-*'] }, { targets: ['gemini:*'] }], sonnet, false],
  ])('%s', (_what, lists, asked, passes) => {
    expect(refusal(lists, asked) === undefined).toBe(passes);
  });

  test('that is refused is told its model and what may be used', () => {
    expect(refusal([{ models: ['claude-opus-5', 'claude-haiku-*'] }], sonnet)).toBe(
      'You may not use the model "claude-sonnet-4-5" here. You may use: claude-opus-5. ' +
        'Ask the administrator of your team for more.',
    );
    expect(refusal([{ models: ['claude-haiku-*'] }], byUrl)).toBe(
      'You may not use the model "gemini:gemini-2.5-pro" here. You may use: claude-haiku-*. ' +
        'Ask the administrator of your team for more.',
    );
    const many = Array.from({ length: 12 }, (_, at) => `claude-opus-${at}`);
    const told = refusal([{ models: many }], { model: `m${'x'.repeat(500)}` }) ?? '';
    expect(told.match(/claude-opus-\d+/gu)).toEqual(many.slice(0, 10));
    expect(told).toContain('GET /v1/models');
    expect(told.length).toBeLessThan(600);
  });
});

test('the list has what of the configuration is allowed, and the allowed names that something serves', () => {
  const ids = (...lists: readonly List[]) =>
    listAllowedModels(principalWith(...lists), { catalog, targets }).map(({ id }) => id);
  const all = ['claude-via-openai:gpt-4.1', 'claude-via-gemini:gemini-2.5-flash'];
  expect(ids({ models: ['*'] })).toEqual(all);
  expect(ids({ targets: ['openai:*'] })).toEqual(all.slice(0, 1));
  expect(ids({ models: ['claude-opus-5', 'claude-haiku-*', 'gemini:x'] })).toEqual(['claude-opus-5']);
  expect(ids({ models: ['claude-opus-5'] }, { targets: ['gemini:*'] })).toEqual([]);
});

test.each(['messages', 'count_tokens'] as const)(
  '%s asks no provider and no admission for a denied model',
  async (path) => {
    const rig = await startServingRig();
    try {
      const { authorization } = principalWith({ models: ['claude-haiku-*'] });
      const { sink, record } = ask(rig, { path, authorization });
      expect(await record).toMatchObject({ outcome: 'policy_denied_model', end: { kind: 'unsent' }, attempts: [] });
      expect([sink.text(), rig.upstream.requests.length]).toEqual(['', 0]);
      const allowing = principalWith({ targets: ['anthropic:claude-opus-*'] });
      const allowed = await run(rig, { path, authorization: allowing.authorization });
      expect(allowed.record.outcome).not.toBe('policy_denied_model');
      expect(rig.upstream.requests).toHaveLength(1);
    } finally {
      await rig.close();
    }
  },
);
