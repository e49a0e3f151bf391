import { connect } from 'node:net';

/** An error reply (`-ERR …`): the server is up and refused the command. */
export class RedisReplyError extends Error {
  override readonly name = 'RedisReplyError';
}

/**
 * Sends one command over a unix socket and returns its simple, bulk or integer reply as text (RESP2). For the few
 * commands that manage a server; the gateway's own traffic goes through `@ccg/store`.
 */
export function sendRedisCommand(socketPath: string, words: readonly string[], timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let received = '';
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      finish();
    };
    const timer = setTimeout(() => {
      settle(() => {
        reject(new Error(`no reply to ${words[0] ?? ''} within ${timeoutMs} ms`));
      });
    }, timeoutMs);
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(encodeCommand(words)));
    socket.on('data', (text: string) => {
      received += text;
      const reply = readReply(received);
      if (reply === undefined) return;
      settle(() => {
        if (reply.kind === 'error') reject(new RedisReplyError(reply.text));
        else resolve(reply.text);
      });
    });
    socket.on('error', (error) => {
      settle(() => {
        reject(error);
      });
    });
    socket.on('close', () => {
      settle(() => {
        reject(new Error(`the connection closed before a reply to ${words[0] ?? ''}`));
      });
    });
  });
}

function encodeCommand(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

function readReply(received: string): { readonly kind: 'value' | 'error'; readonly text: string } | undefined {
  const lineEnd = received.indexOf('\r\n');
  if (lineEnd === -1) return undefined;
  const line = received.slice(1, lineEnd);
  if (received[0] === '-') return { kind: 'error', text: line };
  if (received[0] !== '$') return { kind: 'value', text: line };
  const rest = Buffer.from(received.slice(lineEnd + 2));
  const length = Number(line);
  return rest.length < length ? undefined : { kind: 'value', text: rest.subarray(0, Math.max(length, 0)).toString() };
}
