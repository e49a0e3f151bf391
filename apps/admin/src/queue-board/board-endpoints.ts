import { GatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Authenticator, Exchange, Target } from '@ccg/edge';
import type { ConnectionTarget, Store } from '@ccg/store';
import type { Principal } from '@ccg/tenancy';
import type { AdminEndpoint, AdminResult } from '../serve-operation.ts';
import type { Board } from './open-board.ts';

export interface QueueBoardDependencies {
  readonly redis: ConnectionTarget;
  readonly store: Store;
  readonly clock: Clock;
  readonly authenticate: Authenticator<Principal>;
  readonly onFault: (error: unknown) => void;
}

export interface QueueBoard {
  readonly endpoints: readonly AdminEndpoint[];
  close(): Promise<void>;
}

const basePath = '/queues';
/** The connection of the board waits while Redis is away; who looks at it should not. */
const answerTimeoutMs = 10_000;

/** Nothing of another origin, and no page around it. */
const headers = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
    "connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Bull Board at `/queues`, for reading alone. It is loaded, and connects to Redis, when somebody asks for it first. */
export function createQueueBoard(deps: QueueBoardDependencies): QueueBoard {
  const { redis, store, onFault, authenticate } = deps;
  let opened: Promise<Board> | undefined;
  const open = async (): Promise<Board> => {
    const { openBoard } = await import('./open-board.ts');
    return openBoard({ redis, prefix: store.redisKeys.batches.queue(), basePath, onFault });
  };
  const handle = async ({ request, response, target, requestId }: Exchange<Target>): Promise<AdminResult> => {
    // Fails at once while Redis is away.
    await store.command('ping', []);
    opened ??= open();
    const board = await opened;
    for (const [name, value] of Object.entries({ ...headers, 'request-id': requestId }))
      response.setHeader(name, value);
    const rest = target.path.slice(basePath.length);
    request.url = encodeURI(rest === '' ? '/' : rest).replaceAll('?', '%3F') + target.query;
    await answered(deps, board, { request, response });
    return { kind: 'answered' };
  };
  const shared = {
    methods: ['GET', 'HEAD'],
    access: 'principal',
    scope: 'operator:read',
    authenticate,
    handle,
  } as const;
  return {
    endpoints: [
      { ...shared, name: 'queues.page', path: basePath },
      { ...shared, name: 'queues.board', path: `${basePath}/*rest` },
    ],
    async close() {
      await (await opened)?.close();
    },
  };
}

type Answering = Pick<Exchange<Target>, 'request' | 'response'>;

function answered({ clock }: QueueBoardDependencies, board: Board, { request, response }: Answering): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(answerTimeoutMs, () => response.destroy());
    response.once('close', () => {
      cancel();
      resolve();
    });
    board.answer(request, response, (thrown) => {
      cancel();
      const unknown = new GatewayError('path-unknown', `This path does not exist. The queues are at ${basePath}.`);
      reject(thrown instanceof Error ? thrown : unknown);
    });
  });
}
