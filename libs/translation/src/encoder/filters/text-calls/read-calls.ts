import { decodeByteString, decodeText, encodeText, isText, RawJson } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import { asObject, asText, tryReadJson } from '../../../json-fields.ts';
import { argumentJson } from './callable-tools.ts';
import type { KindsOf, TextCall } from './callable-tools.ts';

/** How a model marks calls and their arguments; the first group of each opening tag is the name. */
interface Tags {
  readonly call: Tag;
  readonly argument: Tag;
  /** Whether a line end after and before a value belongs to the form. */
  readonly ownLines: boolean;
}

interface Tag {
  readonly open: RegExp;
  readonly close: RegExp;
}

const functionTags: Tags = {
  call: { open: /^<function=([^>\s]+)\s*>/u, close: /<\/function>/u },
  argument: { open: /^<parameter=([^>\s]+)\s*>/u, close: /<\/parameter>/u },
  ownLines: true,
};

const dsmlTags: Tags = {
  call: { open: /^<[｜|]DSML[｜|]invoke name="([^"]+)"\s*>/u, close: /<\/[｜|]DSML[｜|]invoke>/u },
  argument: {
    open: /^<[｜|]DSML[｜|]parameter name="([^"]+)"(?: string="(true|false)")?\s*>/u,
    close: /<\/[｜|]DSML[｜|]parameter>/u,
  },
  ownLines: false,
};

const invokeTags: Tags = {
  call: { open: /^<invoke name="([^"]+)"\s*>/u, close: /<\/invoke>/u },
  argument: { open: /^<parameter name="([^"]+)"\s*>/u, close: /<\/parameter>/u },
  ownLines: true,
};

const argumentTag: Tag = {
  open: /^<arg_key>\s*([^<]+?)\s*<\/arg_key>\s*<arg_value>/u,
  close: /<\/arg_value>/u,
};

/** Qwen's form: `<function=NAME><parameter=KEY>VALUE</parameter></function>`. */
export function readFunctionCalls(text: string, kindsOf: KindsOf): readonly TextCall[] | undefined {
  return readCalls(text, functionTags, kindsOf);
}

/** DeepSeek's form, which says of each argument whether it is a string. */
export function readDsmlCalls(text: string, kindsOf: KindsOf): readonly TextCall[] | undefined {
  return readCalls(text, dsmlTags, kindsOf);
}

/** MiniMax's form: `<invoke name="NAME"><parameter name="KEY">VALUE</parameter></invoke>`. */
export function readInvokedCalls(text: string, kindsOf: KindsOf): readonly TextCall[] | undefined {
  return readCalls(text, invokeTags, kindsOf);
}

/** GLM's form: `NAME<arg_key>KEY</arg_key><arg_value>VALUE</arg_value>`. */
export function readKeyedCall(text: string, kindsOf: KindsOf): readonly TextCall[] | undefined {
  const [, name = '', rest = ''] = /^\s*([\w.:-]+)\s*(.*)$/su.exec(text) ?? [];
  const elements = readElements(rest, argumentTag);
  if (name === '' || elements === undefined) return undefined;
  return [{ name, input: inputOf(name, elements, false, kindsOf) }];
}

function readCalls(text: string, tags: Tags, kindsOf: KindsOf): readonly TextCall[] | undefined {
  const calls = readElements(text, tags.call)?.map(({ name, content }) => {
    const elements = readElements(content, tags.argument);
    return elements === undefined ? undefined : { name, input: inputOf(name, elements, tags.ownLines, kindsOf) };
  });
  return calls !== undefined && calls.length > 0 && calls.every((call) => call !== undefined) ? calls : undefined;
}

interface Element {
  readonly name: string;
  /** The second group of the opening tag. */
  readonly option: string | undefined;
  readonly content: string;
}

/** The elements that a text consists of, with white space alone between them; undefined where there is more. */
function readElements(text: string, { open, close }: Tag): Element[] | undefined {
  const elements: Element[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const [head, name, option] = open.exec(rest) ?? [];
    if (head === undefined || name === undefined) return undefined;
    rest = rest.slice(head.length);
    const end = close.exec(rest);
    if (end === null) return undefined;
    elements.push({ name, option, content: rest.slice(0, end.index) });
    rest = rest.slice(end.index + end[0].length).trimStart();
  }
  return elements;
}

function inputOf(call: string, elements: readonly Element[], ownLines: boolean, kindsOf: KindsOf): string {
  const members = new Map(
    elements.map(({ name, option, content }) => {
      const value = ownLines ? content.replace(/^\r?\n/u, '').replace(/\r?\n$/u, '') : content;
      return [name, option === 'true' ? JSON.stringify(value) : argumentJson(value, kindsFor(name, option))];
    }),
  );
  return `{${[...members].map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;

  function kindsFor(name: string, option: string | undefined) {
    return option === 'false' ? everyKind : kindsOf(call, name);
  }
}

const everyKind: ReadonlySet<string> = new Set(['null', 'boolean', 'integer', 'number', 'array', 'object']);

const movedKeys: ReadonlySet<string> = new Set(['arguments', 'parameters']);

/** `{"name": …, "arguments": {…}}`, or a list of these; undefined for anything else. `text` is Unicode. */
export function readJsonCalls(text: string): readonly TextCall[] | undefined {
  const value = tryReadJson(encodeText(text.trim()), { rawKeys: movedKeys });
  const calls = (Array.isArray(value) ? value : [value]).map(readCall);
  return calls.length > 0 && calls.every((call) => call !== undefined) ? calls : undefined;
}

function readCall(value: JsonValue | undefined): TextCall | undefined {
  const { name, arguments: input, parameters } = asObject(value) ?? {};
  const known = asText(name);
  const json = inputJson(input ?? parameters);
  return known === undefined || known === '' || json === undefined ? undefined : { name: known, input: json };
}

/** The arguments as they came; some models write them as a string that holds their JSON. */
function inputJson(input: JsonValue | undefined): string | undefined {
  if (input === undefined) return '{}';
  if (isText(input)) {
    const text = decodeText(input);
    return asObject(tryReadJson(encodeText(text))) === undefined ? undefined : text;
  }
  if (!(input instanceof RawJson) || input.source.charAt(input.start) !== '{') return undefined;
  return decodeByteString(input.source.slice(input.start, input.end));
}
