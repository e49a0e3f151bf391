import type { ModelLimits } from '@ccg/catalog';
import type { NumberRange } from './number-range.ts';
import type { Circumstance, CountedThing } from './upstream-cause.ts';

/**
 * One thing that a target's server rejected, no wider than it rejected it. A path has empty brackets for every index:
 * `messages[].name`.
 */
export type Rejection =
  | { readonly kind: 'field'; readonly path: string; readonly when?: readonly Circumstance[] }
  /** These values of a member. `allowed` is empty where the server named no others. */
  | {
      readonly kind: 'value';
      readonly path: string;
      readonly refused: readonly string[];
      readonly allowed: readonly string[];
      readonly range?: NumberRange;
      readonly when?: readonly Circumstance[];
    }
  | { readonly kind: 'capacity'; readonly what: CountedThing; readonly maximum: number }
  | { readonly kind: 'schema'; readonly without: PlainerSchema }
  /** The lengths of prompt and answer. */
  | { readonly kind: 'limit'; readonly limits: ModelLimits }
  /** A form of the history, or a combination of settings. */
  | { readonly kind: 'form'; readonly form: string };

/** What schemas of tools are sent without: one keyword, every constraint on values, or all but the plainest keywords. */
export type PlainerSchema = { readonly keyword: string } | 'constraints' | 'all but the plainest';

/** What is known of a value that was rejected. */
export interface RejectedValues {
  readonly refused: ReadonlySet<string>;
  readonly allowed: readonly string[];
  readonly range: NumberRange | undefined;
}

/** All rejections that a translation goes by. */
export interface Rejections {
  readonly fields: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, RejectedValues>;
  readonly maxima: ReadonlyMap<CountedThing, number>;
  readonly forms: ReadonlySet<string>;
  readonly schemas: RejectedSchemas;
  /** What of the request a rejection may depend on. */
  readonly circumstances: ReadonlySet<Circumstance>;
}

export interface RejectedSchemas {
  readonly keywords: ReadonlySet<string>;
  readonly level: 'as sent' | 'constraints' | 'all but the plainest';
}

/** What almost every request finds. */
const nothingRejected: Omit<Rejections, 'circumstances'> = {
  fields: new Set(),
  values: new Map(),
  maxima: new Map(),
  forms: new Set(),
  schemas: { keywords: new Set(), level: 'as sent' },
};

/**
 * Reads a list of rejections, in which later ones override earlier ones of the same thing. Those that hold only under
 * circumstances that the request does not have are left out.
 */
export function readRejections(
  list: readonly Rejection[],
  circumstances: ReadonlySet<Circumstance> = new Set(),
): Rejections {
  if (list.length === 0) return { ...nothingRejected, circumstances };
  const fields = new Set<string>();
  const values = new Map<string, RejectedValues>();
  const maxima = new Map<CountedThing, number>();
  const forms = new Set<string>();
  const keywords = new Set<string>();
  let level: RejectedSchemas['level'] = 'as sent';
  for (const rejection of list) {
    if ('when' in rejection && rejection.when?.some((circumstance) => !circumstances.has(circumstance)) === true)
      continue;
    switch (rejection.kind) {
      case 'field':
        fields.add(rejection.path);
        break;
      case 'value': {
        const { path, refused, allowed, range } = rejection;
        const known = values.get(path);
        values.set(path, {
          refused: new Set([...(known?.refused ?? []), ...refused]),
          allowed: allowed.length > 0 ? allowed : (known?.allowed ?? []),
          range: range ?? known?.range,
        });
        break;
      }
      case 'capacity':
        maxima.set(rejection.what, rejection.maximum);
        break;
      case 'schema': {
        const { without } = rejection;
        if (typeof without === 'object') keywords.add(without.keyword);
        else if (level !== 'all but the plainest') level = without;
        break;
      }
      case 'limit':
        break;
      case 'form':
        forms.add(rejection.form);
        break;
    }
  }
  return { fields, values, maxima, forms, schemas: { keywords, level }, circumstances };
}
