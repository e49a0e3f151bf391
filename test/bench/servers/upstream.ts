import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Answers } from '../payload/answers.ts';
import { dialectForms } from '../payload/dialects.ts';
import type { UpstreamMode } from '../load/messages.ts';

// A model behind all dialects at once, told apart by the path; raw sockets and ready-made bytes keep it cheap.

const notFound = 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n';
const tokensPerWrite = 32;
const tickMs = 1;

const dialects = Object.values(dialectForms).map(({ isPath, answers }) => ({ isPath, answers: answers() }));
let mode: UpstreamMode = { kind: 'json' };
/** Streams that get a token when their turn comes; one turn for each tick of the interval. */
let turns: Set<() => void>[] = [];
let ticker: NodeJS.Timeout | undefined;

const server = createServer({ noDelay: true }, (socket) => {
  readRequests(socket, (answers) => {
    answer(socket, answers);
  });
  socket.on('error', () => {
    socket.destroy();
  });
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});

process.on('message', (next: UpstreamMode) => {
  mode = next;
  clearInterval(ticker);
  if (mode.kind === 'slow') startTicking(mode.intervalMs);
  process.send?.({});
});
process.on('disconnect', () => process.exit());

/** Takes requests off a connection: the head up to its blank line, then as many bytes as it announces. */
function readRequests(socket: Socket, onRequest: (answers: Answers) => void): void {
  let head = '';
  let bodyLeft = 0;
  let answers: Answers | undefined;
  socket.on('data', (bytes) => {
    let from = 0;
    while (from < bytes.length) {
      if (bodyLeft === 0) {
        const blank = head === '' ? bytes.indexOf('\r\n\r\n', from) : -1;
        const to = blank < 0 ? bytes.length : blank + 4;
        head += bytes.toString('latin1', from, to);
        from = to;
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) continue;
        from -= head.length - end - 4;
        const [method, path = ''] = head.split(' ', 2);
        answers = method === 'POST' ? dialects.find(({ isPath }) => isPath(path))?.answers : undefined;
        bodyLeft = Number(/content-length: *(?<length>\d+)/iu.exec(head)?.groups?.['length'] ?? 0);
        head = '';
      }
      const taken = Math.min(bodyLeft, bytes.length - from);
      from += taken;
      bodyLeft -= taken;
      if (bodyLeft > 0) continue;
      // A gateway may look for the list of models, and for what is known of one.
      if (answers === undefined) socket.write(notFound);
      else onRequest(answers);
    }
  });
}

function answer(socket: Socket, answers: Answers): void {
  switch (mode.kind) {
    case 'json':
      socket.write(answers.json);
      break;
    case 'burst':
      writeBurst(socket, answers, mode.tokens);
      break;
    case 'slow':
      socket.write(answers.streamStart);
      writeSlowly(socket, answers, mode.tokens);
      break;
  }
}

/** Writes as fast as the reader takes it. */
function writeBurst(socket: Socket, answers: Answers, count: number, from = 0): void {
  for (let at = from; at < count; at += tokensPerWrite) {
    const batch = at === 0 ? [answers.streamStart] : [];
    for (let index = at; index < Math.min(at + tokensPerWrite, count); index += 1) batch.push(answers.token(index));
    if (socket.write(Buffer.concat(batch))) continue;
    socket.once('drain', () => {
      writeBurst(socket, answers, count, at + tokensPerWrite);
    });
    return;
  }
  socket.write(answers.streamEnd(count));
}

function writeSlowly(socket: Socket, answers: Answers, count: number): void {
  const turn = turns.reduce((least, each) => (each.size < least.size ? each : least));
  let written = 0;
  const step = () => {
    socket.write(answers.token(written));
    written += 1;
    if (written < count) return;
    socket.write(answers.streamEnd(count));
    turn.delete(step);
  };
  turn.add(step);
  socket.once('close', () => turn.delete(step));
}

function startTicking(intervalMs: number): void {
  turns = Array.from({ length: intervalMs / tickMs }, () => new Set());
  const start = performance.now();
  let tick = 0;
  ticker = setInterval(() => {
    // A late timer makes up for the ticks that it missed.
    for (const due = (performance.now() - start) / tickMs; tick < due; tick += 1) {
      for (const step of turns[tick % turns.length] ?? []) step();
    }
  }, tickMs);
}
