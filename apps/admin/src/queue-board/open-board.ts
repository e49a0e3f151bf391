import type { IncomingMessage, ServerResponse } from 'node:http';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { itemQueueName } from '@ccg/batches';
import { openQueueConnection } from '@ccg/store';
import type { ConnectionTarget } from '@ccg/store';
import { Queue } from 'bullmq';
import type { ConnectionOptions } from 'bullmq';

/** The pages of Bull Board, and what they read. */
export interface Board {
  /** Answers, or calls back with what was thrown, or with nothing for a path that it does not have. */
  answer(request: IncomingMessage, response: ServerResponse, otherwise: (thrown?: unknown) => void): void;
  close(): Promise<void>;
}

interface BoardOptions {
  readonly redis: ConnectionTarget;
  /** Before the names of everything that the queue keeps. */
  readonly prefix: string;
  /** Where the pages are, without a slash at the end. */
  readonly basePath: string;
  readonly onFault: (error: unknown) => void;
}

/** Bull Board for the queue of items, which it only reads. It has a connection of its own, which waits while Redis is away. */
export function openBoard({ redis, prefix, basePath, onFault }: BoardOptions): Board {
  const connection = openQueueConnection(redis);
  const queue = new Queue(itemQueueName, {
    connection: connection as ConnectionOptions,
    prefix,
    skipVersionCheck: true,
    // What stands there is the workers' to write.
    skipMetasUpdate: true,
  });
  queue.on('error', onFault);
  const serverAdapter = new OwnAssets();
  serverAdapter.setBasePath(basePath);
  createBullBoard({
    queues: [
      new BullMQAdapter(queue, {
        readOnlyMode: true,
        description: 'Pointers to items of message batches. How far the batches are: ccg batches list.',
      }),
    ],
    serverAdapter,
    // Redis may refuse both to the user of the gateway: INFO, and the list of its clients.
    options: { uiConfig: { boardTitle: 'Claude Code Gateway', hideRedisDetails: true, showWorkers: false } },
  });
  const router: unknown = serverAdapter.getRouter();
  return {
    answer: router as Board['answer'],
    async close() {
      connection.disconnect();
      await queue.close().catch(onFault);
    },
  };
}

/** The page asks others for its fonts, who would learn of every visit. */
class OwnAssets extends ExpressAdapter {
  override setEntryRoute(route: Parameters<ExpressAdapter['setEntryRoute']>[0]): this {
    this.app.get(route.route, (_request, response) => {
      const { name, params } = route.handler({ basePath: this.basePath, uiConfig: this.uiConfig });
      response.render(name, params, (error: Error | null, html = '') => {
        if (error === null) response.send(html.replaceAll(/<link\b[^>]*\bhref="https?:[^>]*>/giu, ''));
        else response.status(500).end();
      });
    });
    return this;
  }
}
