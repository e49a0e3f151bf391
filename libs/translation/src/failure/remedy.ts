import type { PromptSize, UpstreamFailure } from '../translation.ts';
import { isRejectedKeyword } from '../tools/schema/plainer-schema.ts';
import type { PlainerSchema, RejectedSchemas, Rejection, Rejections } from './rejections.ts';
import { membersAt } from './sent-members.ts';
import type { SentMembers } from './sent-members.ts';
import { shorterAnswer } from './shorter-answer.ts';
import type { CountedThing, RejectedForm, UpstreamCause } from './upstream-cause.ts';

/** What of a request can be changed if its server rejects it. It outlives the request's body and holds nothing of it. */
export interface SentParts {
  readonly members: SentMembers;
  /** The forms that were chosen where there is another. */
  readonly forms: ReadonlySet<string>;
  readonly counts: ReadonlyMap<CountedThing, number>;
  /** Whether there are schemas that could be plainer. */
  readonly hasSchemas: boolean;
  /** The token limit that was sent. */
  readonly maxTokens: number;
  /** What was known to be rejected, and so was not sent. */
  readonly known: Rejections;
}

type Retry = UpstreamFailure['retry'];

const none: Retry = { kind: 'none' };

/** How to send a request again after a failure: shorter, or without exactly what was rejected. */
export function remedyFor(cause: UpstreamCause, sent: SentParts, at: PromptSize): Retry {
  switch (cause.kind) {
    case 'answer-too-long': {
      const shorter = shorterAnswer(cause, sent.maxTokens, at);
      return shorter === undefined ? none : { kind: 'shorter', ...shorter };
    }
    case 'field-rejected':
      // Under a condition, the same field may be fine in any other request.
      return changed(
        cause.paths.flatMap((path) => fieldsAt(path, sent)),
        cause.isConditional !== true,
      );
    case 'value-rejected':
      return withoutValue(cause, sent);
    case 'count-exceeded':
      return changed(capacityOf(cause.what, cause.maximum, sent));
    case 'schema-rejected':
      return changed(plainerSchemas(cause.keyword, sent));
    case 'form-rejected':
      return withoutForm(cause.form, sent);
    case 'overflow':
    case 'credential':
    case 'account-empty':
    case 'rate-limited':
    case 'overloaded':
    case 'timed-out':
    case 'model-unknown':
    case 'refused':
    case 'broken':
      return none;
  }
}

function changed(rejections: readonly Rejection[], isLearned = true): Retry {
  return rejections.length === 0 ? none : { kind: 'changed', rejections, isLearned };
}

/** Fields that were not sent, or were known to be rejected and yet sent, are no reason to ask again. */
function fieldsAt(path: string, sent: SentParts): Rejection[] {
  const found = membersAt(path, sent.members).filter((member) => !sent.known.fields.has(member));
  if (found.length === 0 && schemaPath.test(path)) return plainerSchemas(path.split(/[.[\]]+/u).at(-1), sent);
  return found.map((member) => ({ kind: 'field', path: member }));
}

/** A path into the schema of a tool. */
const schemaPath = /(?:\bparameters|\binput_schema|\bjson_schema\.schema)\./u;

function withoutValue(cause: Extract<UpstreamCause, { kind: 'value-rejected' }>, sent: SentParts): Retry {
  if (schemaPath.test(cause.path)) return changed(fieldsAt(cause.path, sent));
  const { allowed } = cause;
  const rejections = membersAt(cause.path, sent.members).flatMap((path): Rejection[] => {
    const value = sent.members.get(path) ?? cause.value;
    const isKnown = value === undefined || sent.known.values.get(path)?.refused.has(value);
    return isKnown === true ? [] : [{ kind: 'value', path, refused: [value], allowed }];
  });
  if (rejections.length > 0) return changed(rejections);
  // A value that is too long to be remembered is left out of this request alone.
  return changed(fieldsAt(cause.path, sent), false);
}

function capacityOf(what: CountedThing, maximum: number | undefined, { counts }: SentParts): Rejection[] {
  const count = counts.get(what) ?? 0;
  return maximum === undefined || count <= maximum ? [] : [{ kind: 'capacity', what, maximum }];
}

/** First without the keyword that the server names, then without every constraint, then the plainest form. */
function plainerSchemas(keyword: string | undefined, { hasSchemas, known: { schemas } }: SentParts): Rejection[] {
  const without = hasSchemas ? nextPlainer(keyword, schemas) : undefined;
  return without === undefined ? [] : [{ kind: 'schema', without }];
}

function nextPlainer(keyword: string | undefined, { keywords, level }: RejectedSchemas): PlainerSchema | undefined {
  if (level === 'all but the plainest') return undefined;
  if (keyword !== undefined && isRejectedKeyword(keyword) && !keywords.has(keyword)) return { keyword };
  return level === 'as sent' ? 'constraints' : 'all but the plainest';
}

function withoutForm(form: RejectedForm, sent: SentParts): Retry {
  const { forms, members } = sent;
  switch (form) {
    case 'messages in any order': {
      // A template without tool messages reports the same error for them.
      const first = [form, 'messages of tools'].find((candidate) => forms.has(candidate));
      return changed(formsOf(first));
    }
    case 'calls without tools':
      return changed(formsOf(forms.has(form) ? form : undefined));
    case 'forced choice while thinking':
      if (forms.has(form)) return changed(formsOf(form));
      // Where thinking cannot be switched off, this request does without the choice.
      return changed(members.has('tool_choice') ? [{ kind: 'field', path: 'tool_choice' }] : [], false);
    case 'thinking with tools':
      if (forms.has(form)) return changed(formsOf(form));
      return changed(thinkingRejections(sent), false);
    case 'thinking':
      return changed(thinkingRejections(sent));
    case 'past reasoning':
      // Only this history's reasoning is foreign to the server.
      return changed(formsOf(forms.has(form) ? form : undefined), false);
  }
}

function formsOf(form: string | undefined): Rejection[] {
  return form === undefined ? [] : [{ kind: 'form', form }];
}

const thinkingMembers: readonly string[] = [
  'reasoning_effort',
  'reasoning',
  'thinking',
  'think',
  'enable_thinking',
  'chat_template_kwargs',
  'reasoning_budget',
  'output_config.effort',
];

/** Another request may ask for another amount of thinking, or for none. */
function thinkingRejections({ members, known }: SentParts): Rejection[] {
  return thinkingMembers.flatMap((path): Rejection[] => {
    const value = members.get(path);
    if (value === undefined || known.values.get(path)?.refused.has(value) === true) return [];
    return [{ kind: 'value', path, refused: [value], allowed: [] }];
  });
}
