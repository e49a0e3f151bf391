import { CliError } from '../cli-error.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../cli.ts';
import type { AdminClient } from '../http/admin-client.ts';
import { textAt } from '../json.ts';
import { createPace, endedOf, paceText, progressText } from './batch-progress.ts';

const pollIntervalMs = 2000;
/** An admin app that restarts is back before that. */
const patienceMs = 5 * 60_000;

/**
 * Shows how far a batch is until it has ended: in one line of a terminal that changes, elsewhere in a new line for each
 * change. It goes on while the server does not answer.
 *
 * @throws CliError where there is no such batch, where it was deleted meanwhile, or where no answer comes for minutes.
 */
export async function watchBatch(
  cli: Cli,
  client: AdminClient,
  { path, query }: { readonly path: string; readonly query: string },
): Promise<void> {
  const line = createLine(cli);
  const pace = createPace();
  let seenAtMs: number | undefined;
  for (;;) {
    const batch = await read(client, path + query, seenAtMs !== undefined).catch((thrown: unknown) => {
      line.end();
      throw thrown;
    });
    const nowMs = cli.nowMs();
    if (batch.kind === 'read') {
      seenAtMs = nowMs;
      const text = progressText(batch.document);
      line.show(text, text + paceText(batch.document, pace({ atMs: nowMs, ended: endedOf(batch.document) })));
      if (textAt(batch.document, 'status') === 'ended') {
        line.end();
        tellArchived(cli, batch.document);
        return;
      }
    } else {
      if (seenAtMs !== undefined && nowMs - seenAtMs > patienceMs) {
        line.end();
        throw batch.error;
      }
      line.show('the admin API does not answer, trying again', 'the admin API does not answer, trying again');
    }
    await cli.wait(pollIntervalMs);
  }
}

type Read =
  | { readonly kind: 'read'; readonly document: unknown }
  | { readonly kind: 'silent'; readonly error: CliError };

async function read(client: AdminClient, path: string, wasSeen: boolean): Promise<Read> {
  try {
    return { kind: 'read', document: await client.get(path) };
  } catch (thrown) {
    if (!(thrown instanceof CliError) || !wasSeen) throw thrown;
    if (thrown.kind === 'unreachable') return { kind: 'silent', error: thrown };
    if (thrown.status !== 404) throw thrown;
    throw new CliError('refused', 'The batch was deleted meanwhile, and its results with it.');
  }
}

function tellArchived({ terminal }: Cli, batch: unknown): void {
  const archivedAt = textAt(batch, 'archivedAt');
  if (archivedAt === undefined) return;
  terminal.err(`Its results were removed at ${printable(archivedAt)}: their time was over.\n`);
}

/** The line that shows the progress. */
function createLine({ terminal }: Cli) {
  let shown: string | undefined;
  let isOpen = false;
  return {
    /** What stands there is `full` in a terminal, and `plain` elsewhere if it has changed. */
    show(plain: string, full: string): void {
      const columns = terminal.columns();
      if (columns !== undefined) {
        // A line that wraps could not be written over.
        terminal.out(`\r\u001b[2K${full.slice(0, Math.max(1, columns - 1))}`);
        isOpen = true;
      } else if (plain !== shown) {
        terminal.out(`${full}\n`);
      }
      shown = plain;
    },
    end(): void {
      if (isOpen) terminal.out('\n');
      isOpen = false;
    },
  };
}
