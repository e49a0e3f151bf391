import { GatewayError } from '@ccg/kernel';
import { createJsonEvents, decodeByteString, JsonDepthError, JsonSyntaxError } from '@ccg/wire';
import type { JsonListener } from '@ccg/wire';

/** What a batch is made of, in the order of its body. */
export interface RequestsSink {
  /** A piece of the params of the item that is read, as they came. */
  params(bytes: Uint8Array): void;
  item(item: NewItem): void;
}

export interface NewItem {
  readonly customId: string;
  /** What its params name, if that is a text of a usual length and a number. They are checked when it runs. */
  readonly model: string | undefined;
  readonly maxTokens: number | undefined;
  readonly bytes: number;
}

/** A pass over the body of a request to create a batch. Each step throws GatewayError for a body that is none. */
export interface RequestsReader {
  push(bytes: Uint8Array): void;
  /** Gives the number of items. */
  end(): number;
}

const itemsMax = 100_000;
const customIdShape = /^[a-zA-Z0-9_-]{1,64}$/u;
/** Names of models are shorter, and ids even if all of their characters are escaped. */
const literalMaxBytes = 512;
const depthMax = 600;

/** What has been read. */
interface Pass {
  readonly sink: RequestsSink;
  readonly knownIds: Set<string>;
  total: number;
  hasRequests: boolean;
  /** The member of the outermost object that is read. */
  member: string;
  item: OpenItem | undefined;
}

interface OpenItem {
  /** The member of the item that is read, and that of its params. */
  member: string;
  paramsMember: string;
  customId: string | undefined;
  hasParams: boolean;
  bytes: number;
  model: string | undefined;
  maxTokens: number | undefined;
}

/** Reads `{"requests": [{"custom_id": …, "params": {…}}, …]}`. Other members of the outermost object are left out. */
export function createRequestsReader(sink: RequestsSink): RequestsReader {
  const pass: Pass = { sink, knownIds: new Set(), total: 0, hasRequests: false, member: '', item: undefined };
  const listener = createListener(pass);
  const events = createJsonEvents({ listener, listenDepth: 4, literalMaxBytes, maxDepth: depthMax });
  const read = (step: () => void): void => {
    try {
      step();
    } catch (thrown) {
      throw inOurWords(thrown, pass);
    }
  };
  return {
    push(bytes) {
      read(() => {
        events.push(bytes);
      });
    },
    end() {
      read(events.end);
      return pass.total;
    },
  };
}

function inOurWords(thrown: unknown, { item, total }: Pass): unknown {
  const place = item === undefined ? '' : ` It is in requests.${total}.`;
  if (thrown instanceof JsonSyntaxError) return invalid(`The body is not valid JSON: ${thrown.message}${place}`);
  if (thrown instanceof JsonDepthError) return invalid(`${thrown.message}${place}`);
  return thrown;
}

/** The outermost object is at depth 0, the list at 1, an item at 2, its params at 3. */
function createListener(pass: Pass): JsonListener {
  return {
    begin(depth, first) {
      if (depth === 0 && first !== openBrace) throw invalid('The body must be an object with the list requests.');
      if (depth === 1) beginMember(pass, first);
      if (depth === 2) beginItem(pass, first);
      return depth === 3 && pass.item?.member === 'params';
    },
    raw(bytes) {
      if (pass.item !== undefined) pass.item.bytes += bytes.length;
      pass.sink.params(bytes);
    },
    name(depth, literal) {
      const name = literal === undefined ? '' : decode(literal);
      if (depth === 1) pass.member = name;
      if (depth === 3) nameItemMember(pass, name);
      if (depth === 4 && pass.item !== undefined) pass.item.paramsMember = name;
    },
    end(depth, literal) {
      if (depth === 4) endParamsMember(pass.item, literal);
      if (depth === 3) endItemMember(pass, literal);
      if (depth === 2) endItem(pass);
      if (depth === 0 && !pass.hasRequests) throw invalid('requests: Field required.');
      if (depth === 0 && pass.total === 0) throw invalid('requests: It must have at least one request.');
    },
  };
}

function beginMember(pass: Pass, first: number): void {
  if (pass.member !== 'requests') return;
  if (pass.hasRequests) throw invalid('requests: It stands in the body twice. Send one list.');
  if (first !== openBracket) throw invalid('requests: It must be a list.');
  pass.hasRequests = true;
}

function beginItem(pass: Pass, first: number): void {
  if (pass.member !== 'requests') return;
  if (pass.total === itemsMax) throw tooMany();
  if (first !== openBrace) throw invalidItem(pass, '', 'It must be an object with custom_id and params.');
  const nothing = { customId: undefined, model: undefined, maxTokens: undefined };
  pass.item = { ...nothing, member: '', paramsMember: '', hasParams: false, bytes: 0 };
}

function nameItemMember(pass: Pass, name: string): void {
  const { item } = pass;
  if (item === undefined) return;
  if (name !== 'custom_id' && name !== 'params') {
    throw invalidItem(pass, '', 'It may have custom_id and params alone. Put other fields into params.');
  }
  const isRepeated = name === 'params' ? item.hasParams : item.customId !== undefined;
  if (isRepeated) throw invalidItem(pass, name, 'It stands there twice.');
  item.member = name;
  if (name === 'params') item.hasParams = true;
}

function endItemMember(pass: Pass, literal: string | undefined): void {
  const { item } = pass;
  if (item?.member !== 'custom_id') return;
  const text = literal?.startsWith('"') === true ? decode(literal) : '';
  if (!customIdShape.test(text)) {
    throw invalidItem(pass, 'custom_id', 'It must be 1 to 64 of the characters a-z, A-Z, 0-9, "_" and "-".');
  }
  item.customId = text;
}

function endParamsMember(item: OpenItem | undefined, literal: string | undefined): void {
  if (item?.member !== 'params' || literal === undefined) return;
  if (item.paramsMember === 'model' && literal.startsWith('"')) item.model = decode(literal);
  if (item.paramsMember === 'max_tokens') item.maxTokens = countOf(literal);
}

/** Clients write a whole number as `4096.0`, too. What is none, the item is told when it runs. */
function countOf(literal: string): number | undefined {
  const number = /^\d/u.test(literal) ? Number(literal) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

function endItem(pass: Pass): void {
  const { item, knownIds } = pass;
  if (item === undefined) return;
  const { customId, hasParams, bytes, model, maxTokens } = item;
  if (customId === undefined) throw invalidItem(pass, 'custom_id', 'Field required.');
  if (!hasParams) throw invalidItem(pass, 'params', 'Field required.');
  if (knownIds.has(customId)) {
    throw invalidItem(pass, 'custom_id', `"${customId}" is that of an earlier request. Give each request its own.`);
  }
  knownIds.add(customId);
  pass.item = undefined;
  pass.sink.item({ customId, model, maxTokens, bytes });
  pass.total += 1;
}

function invalidItem({ total }: Pass, member: string, message: string): GatewayError {
  return invalid(`requests.${total}${member === '' ? '' : `.${member}`}: ${message}`);
}

const openBrace = 0x7b;
const openBracket = 0x5b;

/** A string of JSON whose syntax was checked, as text. */
function decode(literal: string): string {
  return String(JSON.parse(decodeByteString(literal)));
}

function tooMany(): GatewayError {
  const message = `requests: A batch has at most ${itemsMax.toLocaleString('en-US')} requests. Create several batches.`;
  return new GatewayError('request-too-large', message);
}

function invalid(message: string): GatewayError {
  return new GatewayError('request-invalid', message);
}
