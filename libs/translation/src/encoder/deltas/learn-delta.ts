import type { JsonObject } from '@ccg/wire';
import { asObject, tryReadJson } from '../../json-fields.ts';
import type { DeltaTemplate, Slot } from './delta-template.ts';

/** What the deltas of a dialect look like. */
export interface DeltaForm<Kind> {
  /** Members that differ from delta to delta and are never read: numbers, and texts without escapes. */
  readonly idle: readonly string[];
  /** Members whose numbers are read: of the object `of` at the top of a delta, or of the delta itself. */
  readonly counts?: { readonly of?: string; readonly names: readonly string[] };
  /** What a delta says that says one text alone, counts aside; undefined for any other. */
  read(chunk: JsonObject): PlainDelta<Kind> | undefined;
}

export interface PlainDelta<Kind> {
  readonly kind: Kind;
  /** The member that holds the text. */
  readonly member: string;
  /** The content of a JSON string literal. */
  readonly literal: string;
}

/**
 * Makes a template of a delta that says one text alone. The places of its text and its counts are proven by parsing the
 * delta with other values in all places.
 */
export function learnDelta<Kind>(
  form: DeltaForm<Kind>,
  data: string,
  delta: PlainDelta<Kind>,
): DeltaTemplate | undefined {
  const { member, literal } = delta;
  const start = data.indexOf(`"${literal}"`, data.indexOf(`"${member}"`) + member.length + 2) + 1;
  if (start === 0 || literal === '') return undefined;
  const text: Place = { kind: 'text', start, end: start + literal.length, count: undefined };
  const places = [text, ...otherPlaces(form, data)].toSorted((one, other) => one.start - other.start);
  if (places.some((place, index) => place.start < (places[index - 1]?.end ?? 0))) return undefined;
  const template: DeltaTemplate = {
    slots: places.map(({ kind, start: from, count }, index) => {
      const before = data.slice(places[index - 1]?.end ?? 0, from);
      return { kind, before, count, latest: 0 };
    }),
    tail: data.slice(places.at(-1)?.end),
  };
  return isProven(form, template, delta) ? template : undefined;
}

interface Place extends Pick<Slot, 'kind' | 'count'> {
  readonly start: number;
  readonly end: number;
}

function otherPlaces<Kind>({ idle, counts }: DeltaForm<Kind>, data: string): readonly Place[] {
  const counted = counts?.names ?? [];
  const member = new RegExp(`"(${[...idle, ...counted].join('|')})"\\s*:\\s*(?:"([ !#-[\\]-~]*)"|(\\d+))`, 'dg');
  return [...data.matchAll(member)].flatMap((found): readonly Place[] => {
    const [, name = '', words] = found;
    const [start, end] = found.indices?.[words === undefined ? 3 : 2] ?? [0, 0];
    const kind = words === undefined ? 'number' : 'words';
    if (!counted.includes(name)) return [{ kind, start, end, count: undefined }];
    return kind === 'number' ? [{ kind, start, end, count: name }] : [];
  });
}

const textProbe = 'probe-7c1e';
const firstNumber = 7_000_001;

/** A place that only looks like the text or a count gives another text or count, or no JSON at all. */
function isProven<Kind>(
  form: DeltaForm<Kind>,
  { slots, tail }: DeltaTemplate,
  { kind: wanted, member }: PlainDelta<Kind>,
): boolean {
  const probes = slots.map(({ kind }, index) =>
    kind === 'text' ? textProbe : kind === 'words' ? 'probe' : String(firstNumber + index),
  );
  const probed = asObject(tryReadJson(slots.map(({ before }, index) => before + probes[index]).join('') + tail));
  const said = probed === undefined ? undefined : form.read(probed);
  if (probed === undefined || said?.kind !== wanted || said.member !== member || said.literal !== textProbe)
    return false;
  const counts = countedIn(form, probed);
  return slots.every(({ count }, index) => count === undefined || counts?.[count] === firstNumber + index);
}

/** The object whose numbers are read; undefined where there is none. */
export function countedIn<Kind>({ counts }: DeltaForm<Kind>, chunk: JsonObject): JsonObject | undefined {
  if (counts === undefined) return undefined;
  return counts.of === undefined ? chunk : asObject(chunk[counts.of]);
}
