import type { HeaderList } from '@ccg/wire';
import { failureName } from './failure-name.ts';
import { fieldPath, plainPaths } from './field-path.ts';
import { findDocuments, wholeDocument } from './loose-json.ts';
import type { Loose, LooseObject } from './loose-json.ts';
import { rangeOfTerms } from './number-range.ts';
import type { NumberRange } from './number-range.ts';

/** What an error document says, wherever in it: at any depth, in lists, and in texts that hold another document. */
export interface FailureDocument {
  /** For people: without markup, as long as the server made it; undefined when there is none. */
  readonly message: string | undefined;
  /** The type of the error, as the document names it at its top. */
  readonly type: string | undefined;
  /** What its server calls the failure, as the document says at its top; never a sentence. */
  readonly name: string | undefined;
  /** Whether it has the form that the Anthropic API gives to errors. */
  readonly isEnvelope: boolean;
  /** Every sentence. */
  readonly texts: readonly string[];
  /** Every name of a class, in lower case: `code`, `type`, `status`, `reason` and their relatives. */
  readonly codes: readonly string[];
  /** The objects that name a member of the request. */
  readonly faults: readonly Fault[];
  /** Whole numbers by the names of the members that hold them, in lower case and without punctuation. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Scalars that say when to ask again, by name as above. */
  readonly waits: ReadonlyMap<string, string>;
  /** Headers that a router puts into the document, names in lower case. */
  readonly headers: HeaderList;
}

/** One object of an error document that names a member of the request. */
export interface Fault {
  readonly path: string;
  readonly codes: readonly string[];
  readonly text: string | undefined;
  /** The value that was refused, where it is short. */
  readonly value: string | undefined;
  readonly allowed: readonly string[];
  /** The limit of a length, a count or a number. */
  readonly maximum: number | undefined;
  /** The numbers that are taken. */
  readonly range: NumberRange | undefined;
}

const bodyMaxLength = 64 * 1024;
const textMaxLength = 4000;
const textsMax = 24;
const allTextsMaxLength = 16_000;
const depthMax = 12;
const objectsMax = 400;

const codeNames = names(`code type status statuscode errorcode errcode errortype errorkey reason error httpstatuscode
  statusmsg quotaid errno exception keyword origin issue`);
const textNames =
  names(`message msg detail details description title error errors errormsg errmsg errormessage statusmsg
  errordescription reason raw hint info text cause issue faultstring`);
const pathNames = names(`param parameter loc location field path property instancepath argument keys pointer key`);
/** Lists whose items name a member of the request by `name` alone. */
const listsOfMembers = names(`invalidparams invalidparameters invalidfields invalidarguments`);
const allowedNames = names(
  `expected allowed permitted enum values enumvalues supportedvalues allowedvalues options choices`,
);
const maximumNames = names(`limit maximum max le lt maxlength maxitems`);
const valueNames = names(`input received value actual got`);
/** Members in which servers send the request back. Its words are nobody's error. */
const echoNames = names(
  `input messages prompt content tools request requestbody payload choices usage stack traceback`,
);
const waitNames = /^(?:retrydelay|retryafter\w*|resets?at|resettime|resetsinseconds|resetafter\w*|resetin\w*)$/u;

function names(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/u));
}

/** Reads the body of a failure, as text. What is no document counts as a sentence unless it is a page. */
export function readFailureDocument(body: string): FailureDocument {
  const text = unframed(body.slice(0, bodyMaxLength));
  const whole = wholeDocument(text);
  const collector = createCollector();
  if (whole === undefined) collector.sentence(text, 0);
  else collector.walk(whole, 0, 'error');
  const top = topOf(whole);
  return {
    message: readable(whole === undefined ? text : tell(whole, 0)),
    type: textOf(top.error.get('type')),
    name: failureName(top.error),
    isEnvelope: top.body.get('type') === 'error' && isObject(top.body.get('error')),
    ...collector.found(),
  };
}

/** The document, and the error in it: itself where it has no member of this name. Gemini wraps both in a list. */
function topOf(whole: Loose | undefined): { readonly body: LooseObject; readonly error: LooseObject } {
  const first = Array.isArray(whole) ? whole[0] : whole;
  const body = isObject(first) ? first : new Map<string, Loose>();
  const error = body.get('error');
  return { body, error: isObject(error) ? error : body };
}

/** Some servers answer a refusal with the event that a stream would have ended with. */
function unframed(body: string): string {
  if (!/^\s{0,8}(?:event|data|id) ?:/u.test(body)) return body;
  return body.replace(/^(?:event|id|retry) ?:.*$/gmu, '').replace(/^data ?: ?/gmu, '');
}

function createCollector() {
  const texts = new Set<string>();
  const codes = new Set<string>();
  const faults: Fault[] = [];
  const numbers = new Map<string, number>();
  const waits = new Map<string, string>();
  const headers: (readonly [string, string])[] = [];
  let objects = 0;
  let textLength = 0;

  /** A sentence, and whatever documents stand in it. These say more, and are read without the words around them. */
  function sentence(text: string, depth: number): void {
    const { documents, rest } = depth < depthMax ? findDocuments(text) : { documents: [], rest: text };
    for (const document of documents) walk(document, depth + 1, 'error');
    const start = readable(rest);
    if (start === undefined || texts.has(start)) return;
    if (texts.size >= textsMax || textLength + start.length > allTextsMaxLength) return;
    texts.add(plainPaths(start));
    textLength += start.length;
  }

  function walk(value: Loose, depth: number, name: string): void {
    if (depth > depthMax || objects >= objectsMax) return;
    if (isObject(value)) readObject(value, depth, name);
    else if (Array.isArray(value)) for (const item of value) walk(item, depth + 1, name);
    else if (typeof value === 'string' && (textNames.has(name) || value.includes('{'))) sentence(value, depth);
  }

  function readObject(object: LooseObject, depth: number, within: string): void {
    objects += 1;
    // A request that was sent back.
    if (Array.isArray(object.get('messages')) && object.has('model')) return;
    faults.push(...faultsOf(object, listsOfMembers.has(within) ? ['name'] : []));
    for (const [key, value] of object) {
      const name = plainName(key);
      if (name === 'headers' && isObject(value)) headers.push(...headersOf(value));
      else if (isScalar(value)) readScalar(name, value, depth);
      if (!echoNames.has(name) && name !== 'headers') walk(value, depth + 1, name);
    }
  }

  function readScalar(name: string, value: string | number, depth: number): void {
    const text = String(value);
    if (codeNames.has(name) && !/\s/u.test(text)) codes.add(text.toLowerCase());
    // Some servers write a whole sentence where others name a member.
    if (pathNames.has(name) && /\s/u.test(text)) sentence(text, depth);
    if (waitNames.test(name)) waits.set(name, text);
    else if (/^\d{1,12}$/u.test(text) && !numbers.has(name)) numbers.set(name, Number(text));
  }

  return {
    sentence,
    walk,
    found: () => ({ texts: [...texts], codes: [...codes], faults, numbers, waits, headers }),
  };
}

/** `others` are names of members, besides the usual ones, that hold a path here. */
function faultsOf(object: LooseObject, others: readonly string[]): readonly Fault[] {
  // Validators put the terms of a rule beside the fault.
  const terms = ['ctx', 'params', 'context'].flatMap((name) => membersOf(object.get(name)));
  const members = [...membersOf(object), ...terms];
  const pick = (among: ReadonlySet<string>) => members.filter(([name]) => among.has(name)).map(([, value]) => value);
  const scalars = (among: ReadonlySet<string>) => pick(among).filter(isScalar).map(String);
  const codes = scalars(codeNames).map((code) => code.toLowerCase());
  const fault = {
    // Some codes mean something only with the type of the value beside them.
    codes: codes.length === 2 ? [...codes, codes.join('_')] : codes,
    text: scalars(textNames).find((text) => /\s/u.test(text)),
    value: scalars(valueNames).find((text) => text.length <= 64),
    allowed: pick(allowedNames).flatMap(listOfValues),
    maximum: scalars(maximumNames).find((text) => /^\d{1,9}$/u.test(text)),
    range: rangeOfTerms(members),
  };
  const keys = object.get('keys');
  const [, extra] = terms.find(([name]) => name === 'additionalproperty' || name === 'unevaluatedproperty') ?? [];
  // A validator that lists unknown names says where they stand, and gives the names beside it.
  const unknown = Array.isArray(keys)
    ? keys.flatMap((key) => fieldPath([object.get('path') ?? [], key].flat()) ?? [])
    : extra === undefined
      ? []
      : [fieldPath([...pick(new Set(['instancepath'])), extra].flat()) ?? []].flat();
  const paths =
    unknown.length > 0
      ? unknown
      : pick(new Set([...pathNames, ...others])).flatMap((stated) => fieldPath(stated) ?? []);
  return [...new Set(paths)].map((path) => ({ path, ...fault, maximum: numberIn(fault.maximum) }));
}

function membersOf(value: Loose | undefined): readonly (readonly [string, Loose])[] {
  return isObject(value) ? [...value].map(([key, member]) => [plainName(key), member] as const) : [];
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

/** The values that a list, or a text such as `'low', 'medium' or 'high'`, names. */
export function listOfValues(stated: Loose): readonly string[] {
  if (Array.isArray(stated)) return stated.filter(isScalar).map(String);
  if (typeof stated !== 'string') return [];
  const quoted = [...stated.matchAll(/['"`]([\w.+-]{1,40})['"`]/gu)].map(([, value = '']) => value);
  return quoted.length > 0
    ? quoted
    : /^[\w.+-]{1,40}(?:\s?[,|/]\s?[\w.+-]{1,40}){1,20}$/u.test(stated)
      ? stated.split(/[\s,|/]+/u)
      : [];
}

/** What a person is told of a document. */
function tell(value: Loose | undefined, depth: number): string | undefined {
  if (depth > depthMax) return undefined;
  if (typeof value === 'string') {
    const inner = /^\s*[{[]/u.test(value) ? wholeDocument(value) : undefined;
    return (inner === undefined ? undefined : tell(inner, depth + 1)) ?? (value.trim() === '' ? undefined : value);
  }
  if (Array.isArray(value)) {
    const lines = value.flatMap((item) => tell(item, depth + 1) ?? []);
    return lines.length === 0 ? undefined : [...new Set(lines)].slice(0, 8).join('; ');
  }
  return isObject(value) ? tellObject(value, depth) : undefined;
}

function tellObject(object: LooseObject, depth: number): string | undefined {
  const { loc, msg } = Object.fromEntries(object);
  if (Array.isArray(loc) && typeof msg === 'string') return `${loc.filter(isScalar).join('.')}: ${msg}`;
  const error = object.get('error');
  const inner = isObject(error) || Array.isArray(error) ? tell(error, depth + 1) : undefined;
  if (inner !== undefined) return inner;
  const told = toldMembers.map((name) => tell(memberOf(object, name), depth + 1)).find((text) => text !== undefined);
  const metadata = object.get('metadata');
  // A router says only here which backend failed, and how.
  const more = isObject(metadata)
    ? [textOf(metadata.get('provider_name')), tell(metadata.get('raw'), depth + 1)]
    : [sentenceIn(object.get('param'))];
  const parts = [told, ...more].filter((part) => part !== undefined && part !== '');
  return parts.length === 0 ? tellInner(object, depth) : parts.join(': ');
}

/** Some proxies put the error into members of their own. */
function tellInner(object: LooseObject, depth: number): string | undefined {
  for (const [name, value] of object) {
    const inner = isObject(value) && !echoNames.has(plainName(name)) ? tell(value, depth + 1) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

const toldMembers = `message msg detail error title errors error_msg errmsg status_msg error_message error_description
  errormessage fault faultstring base_resp body reason details`.split(/\s+/u);

function memberOf(object: LooseObject, name: string): Loose | undefined {
  return object.get(name) ?? [...object].find(([key]) => key.toLowerCase() === name)?.[1];
}

function textOf(value: Loose | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function sentenceIn(value: Loose | undefined): string | undefined {
  return typeof value === 'string' && /\s/u.test(value) ? value : undefined;
}

function headersOf(headers: LooseObject): HeaderList {
  return [...headers].flatMap(([name, value]) =>
    isScalar(value) ? [[name.toLowerCase(), String(value)] as const] : [],
  );
}

/** The beginning of a text, unless it is a page. */
function readable(text: string | undefined): string | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const start = text.slice(0, textMaxLength);
  return /<(?:!doctype|html|head|body|title|center|h1|pre)\b/iu.test(start) ? undefined : start.trim();
}

function plainName(key: string): string {
  return key.toLowerCase().replace(/[^a-z]/gu, '');
}

function isObject(value: Loose | undefined): value is LooseObject {
  return value instanceof Map;
}

function isScalar(value: Loose | undefined): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
