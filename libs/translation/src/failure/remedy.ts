import type { PromptSize, UpstreamFailure } from '../translation.ts';
import { wholeAnswers } from '../request/whole-answers.ts';
import { isRejectedKeyword } from '../tools/schema/plainer-schema.ts';
import { isWithin } from './number-range.ts';
import type { PlainerSchema, RejectedSchemas, Rejection, Rejections } from './rejections.ts';
import { membersAt } from './sent-members.ts';
import type { SentMembers } from './sent-members.ts';
import { shorterAnswer } from './shorter-answer.ts';
import type { Circumstance, CountedThing, RejectedForm, UpstreamCause } from './upstream-cause.ts';

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
  // What is refused outside of streams alone is taken in one.
  const isForStreams = 'when' in cause && cause.when?.includes('no streaming') === true;
  if (isForStreams && sent.forms.has(wholeAnswers)) return changed(formsOf(wholeAnswers));
  switch (cause.kind) {
    case 'answer-too-long': {
      const shorter = shorterAnswer(cause, sent.maxTokens, at);
      return shorter === undefined ? none : { kind: 'shorter', ...shorter };
    }
    case 'field-rejected':
      return under(
        cause.when,
        cause.paths.flatMap((path) => fieldsAt(path, sent)),
        sent,
      );
    case 'value-rejected':
      return withoutValue(cause, sent);
    case 'count-exceeded':
      // Under circumstances alone, it is no capacity of the model.
      return changed(capacityOf(cause.what, cause.maximum, sent), cause.when === undefined);
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

/**
 * Under some circumstances alone, the same may be fine in any other request. What cannot be told from a request is not
 * learned.
 */
function under(when: readonly Circumstance[] = [], rejections: readonly Rejection[], { known }: SentParts): Retry {
  if (when.length === 0) return changed(rejections);
  if (when.some((circumstance) => !known.circumstances.has(circumstance))) return changed(rejections, false);
  return changed(
    rejections.map((rejection) =>
      rejection.kind === 'field' || rejection.kind === 'value' ? { ...rejection, when } : rejection,
    ),
  );
}

/** Fields that were not sent, or were known to be rejected and yet sent, are no reason to ask again. */
function fieldsAt(path: string, sent: SentParts): Rejection[] {
  const form = formsAt.find(([pattern]) => pattern.test(path))?.[1];
  if (form !== undefined && sent.forms.has(form)) return formsOf(form);
  const found = membersAt(path, sent.members).filter((member) => !sent.known.fields.has(member));
  if (found.length === 0 && schemaPath.test(path)) return plainerSchemas(path.split(/[.[\]]+/u).at(-1), sent);
  return found.map((member) => ({ kind: 'field', path: member }));
}

/** Members that are never left out by themselves, and the forms that do without them. */
const formsAt: readonly (readonly [path: RegExp, form: RejectedForm])[] = [
  [/^system$/u, 'system messages'],
  [/^messages\[\d{1,6}\]\.content\[\d{1,6}\]\.(?:thinking|signature)\b/u, 'reasoning in messages'],
];

/** A path into the schema of a tool. */
const schemaPath = /(?:\bparameters|\binput_schema|\bjson_schema\.schema)\./u;

function withoutValue(cause: Extract<UpstreamCause, { kind: 'value-rejected' }>, sent: SentParts): Retry {
  if (schemaPath.test(cause.path)) return changed(fieldsAt(cause.path, sent));
  const role = /^messages\b.*\brole$/u.test(cause.path) ? withoutRole(cause, sent) : undefined;
  if (role !== undefined) return changed(formsOf(role));
  const { allowed } = cause;
  const rejections = membersAt(cause.path, sent.members).flatMap((path): Rejection[] => {
    const value = sent.members.get(path) ?? cause.value;
    const isKnown = value === undefined || sent.known.values.get(path)?.refused.has(value);
    if (isKnown === true) return [];
    // A number that is within the range was refused for another reason.
    const range = cause.range === undefined || isWithin(cause.range, Number(value)) ? {} : { range: cause.range };
    return [{ kind: 'value', path, refused: [value], allowed, ...range }];
  });
  if (rejections.length > 0) return under(cause.when, rejections, sent);
  // A value that is too long to be remembered is left out of this request alone.
  return changed(fieldsAt(cause.path, sent), false);
}

/** The form without a role that was refused. The role of instructions has an older name, which is tried first. */
function withoutRole(
  { value, allowed, path }: Extract<UpstreamCause, { kind: 'value-rejected' }>,
  { forms, members }: SentParts,
): string | undefined {
  const takes = (role: string) => allowed.includes(role);
  const isAboutSystem = value === 'system' || value === 'developer' || (value === undefined && path.includes('[0]'));
  if (members.has('messages[].role') && isAboutSystem && (allowed.length === 0 || takes('system'))) return undefined;
  const isAboutTools = value === 'tool' || (!isAboutSystem && takes('system') && !takes('tool'));
  const first: readonly string[] = isAboutTools ? ['messages of tools'] : ['system messages', 'messages of tools'];
  return first.find((form) => forms.has(form));
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
  const { forms } = sent;
  switch (form) {
    case 'messages in any order': {
      // A template without messages of tools, or of the system, reports the same error for them.
      const first = [form, 'messages of tools', 'system messages'].find((candidate) => forms.has(candidate));
      return changed(formsOf(first));
    }
    case 'system messages': {
      const first = [form, 'messages of tools', 'messages in any order'].find((candidate) => forms.has(candidate));
      return changed(formsOf(first));
    }
    case 'system messages between turns': {
      const first = [form, 'system messages'].find((candidate) => forms.has(candidate));
      return changed(formsOf(first));
    }
    case 'answers in one piece':
    case 'reasoning in messages':
      return changed(formsOf(forms.has(form) ? form : undefined));
    case 'calls without tools':
      return changed(formsOf(forms.has(form) ? form : undefined));
    case 'forced choice while thinking':
      if (forms.has(form)) return changed(formsOf(form));
      // Where thinking cannot be switched off, requests do without this choice.
      return withoutValue({ kind: 'value-rejected', path: 'tool_choice', value: undefined, allowed: [] }, sent);
    case 'thinking with tools':
      if (forms.has(form)) return changed(formsOf(form));
      return changed(thinkingRejections(sent), false);
    case 'thinking':
      return changed(thinkingRejections(sent));
    case 'history without reasoning':
    case 'calls without text':
      return changed(formsOf(forms.has(form) ? form : undefined));
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
  'generationConfig.thinkingConfig',
];

/** Another request may ask for another amount of thinking, or for none. */
function thinkingRejections({ members, known }: SentParts): Rejection[] {
  return thinkingMembers.flatMap((path): Rejection[] => {
    const value = members.get(path);
    if (value === undefined || known.values.get(path)?.refused.has(value) === true) return [];
    return [{ kind: 'value', path, refused: [value], allowed: [] }];
  });
}
