import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as a collector understands it, by the published schema of OTLP (opentelemetry/proto/trace/v1/trace.proto). */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** Spans of other traces that led to this one. */
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 1 internal, 2 server, 3 client, 5 consumer. */
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number;
  readonly resource: Readonly<Record<string, unknown>>;
}

/** A collector that keeps what it gets. */
export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** The headers of each request. */
  readonly headers: readonly Readonly<Record<string, string | readonly string[] | undefined>>[];
  /** From now on it answers so; `silence` never answers. */
  behave(as: number | 'silence'): void;
  close(): void;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const headers: OtlpReceiver['headers'][number][] = [];
  let behaviour: number | 'silence' = 200;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      headers.push(request.headers);
      if (behaviour === 'silence') return;
      if (behaviour === 200 && request.url === '/v1/traces') spans.push(...readTraces(Buffer.concat(parts)));
      response.writeHead(behaviour, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    headers,
    behave(as) {
      behaviour = as;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

type Value = bigint | Buffer;
type Message = ReadonlyMap<number, readonly Value[]>;

/** The fields of a protobuf message, by their numbers. */
function readMessage(bytes: Buffer): Message {
  const fields = new Map<number, Value[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const read = (wireType: number): Value => {
    if (wireType === 0) return varint();
    if (wireType === 1) return bytes.readBigUInt64LE((at += 8) - 8);
    if (wireType === 5) return BigInt(bytes.readUInt32LE((at += 4) - 4));
    if (wireType !== 2) throw new Error(`No wire type of protobuf: ${wireType}`);
    const length = Number(varint());
    return bytes.subarray(at, (at += length));
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = tag >> 3;
    fields.set(field, [...(fields.get(field) ?? []), read(tag & 7)]);
  }
  return fields;
}

const messagesOf = (message: Message, field: number): readonly Message[] => buffersOf(message, field).map(readMessage);
const textOf = (message: Message, field: number): string => buffersOf(message, field)[0]?.toString('utf8') ?? '';
const hexOf = (message: Message, field: number): string => buffersOf(message, field)[0]?.toString('hex') ?? '';

function buffersOf(message: Message, field: number): readonly Buffer[] {
  return (message.get(field) ?? []).filter((value) => typeof value !== 'bigint');
}

function numberOf(message: Message | undefined, field: number): bigint {
  const [value = 0n] = message?.get(field) ?? [];
  return typeof value === 'bigint' ? value : 0n;
}

function readTraces(body: Buffer): readonly ReceivedSpan[] {
  return messagesOf(readMessage(body), 1).flatMap((resourceSpans) => {
    const [resource] = messagesOf(resourceSpans, 1);
    const attributes = resource === undefined ? {} : readAttributes(resource, 1);
    return messagesOf(resourceSpans, 2).flatMap((scope) =>
      messagesOf(scope, 2).map((span) => readSpan(span, attributes)),
    );
  });
}

function readSpan(span: Message, resource: ReceivedSpan['resource']): ReceivedSpan {
  return {
    traceId: hexOf(span, 1),
    spanId: hexOf(span, 2),
    parentSpanId: hexOf(span, 4),
    name: textOf(span, 5),
    kind: Number(numberOf(span, 6)),
    startNs: numberOf(span, 7),
    endNs: numberOf(span, 8),
    attributes: readAttributes(span, 9),
    links: messagesOf(span, 13).map((link) => ({ traceId: hexOf(link, 1), spanId: hexOf(link, 2) })),
    statusCode: Number(numberOf(messagesOf(span, 15)[0], 3)),
    resource,
  };
}

function readAttributes(message: Message, field: number): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    messagesOf(message, field).map((pair) => [textOf(pair, 1), readValue(messagesOf(pair, 2)[0] ?? new Map())]),
  );
}

/** An AnyValue: a string, a boolean, a whole number, a double, or a list of them. */
function readValue(value: Message): unknown {
  if (value.has(1)) return textOf(value, 1);
  if (value.has(2)) return numberOf(value, 2) === 1n;
  if (value.has(3)) return Number(BigInt.asIntN(64, numberOf(value, 3)));
  if (value.has(5)) return messagesOf(value, 5).flatMap((list) => messagesOf(list, 1).map(readValue));
  const double = value.get(4)?.[0];
  if (typeof double !== 'bigint') return undefined;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(double);
  return bytes.readDoubleLE();
}
