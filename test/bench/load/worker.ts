import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pinned } from '../servers/machine.ts';

/** A process of the bench that takes one message at a time and answers each with one. */
export interface Worker<Message, Reply> {
  readonly pid: number;
  ask(message: Message): Promise<Reply>;
  /** The next message that it sends by itself. */
  next(): Promise<Reply>;
  stop(): void;
}

/** Starts a file of the bench. It ends when this process does. */
export function startWorker<Message extends object, Reply>(
  file: string,
  cores: string | undefined,
): Worker<Message, Reply> {
  const [command = '', ...args] = pinned(cores, [process.execPath, join(import.meta.dirname, '..', file)]);
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' });
  const gone = once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended.`)));
  gone.catch(() => {});
  const next = async (): Promise<Reply> => {
    const [reply] = await Promise.race([once(child, 'message'), gone]);
    return reply as Reply;
  };
  return {
    pid: child.pid ?? -1,
    async ask(message) {
      const reply = next();
      child.send(message);
      return reply;
    },
    next,
    stop() {
      child.disconnect();
    },
  };
}
