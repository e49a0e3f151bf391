import type { Clock } from '@ccg/kernel';
import type { InlineFile } from '@ccg/translation';
import type { FileFetcher } from '@ccg/upstream';

/** Long enough for the turns of one task; an address that leads elsewhere afterwards is asked again. */
const keptMs = 10 * 60 * 1000;
const keptMaxBytes = 64 * 1024 * 1024;

interface KeptFile {
  readonly file: InlineFile;
  readonly untilMs: number;
}

/**
 * Keeps the files that were fetched for some minutes: a client sends all images of a conversation by their URLs with every
 * turn. What cannot be fetched is asked for again. The file that was used longest ago goes first.
 */
export function withKeptFiles(fetcher: FileFetcher, clock: Clock, maxBytes = keptMaxBytes): FileFetcher {
  const kept = new Map<string, KeptFile>();
  let bytes = 0;

  function remove(url: string): void {
    bytes -= kept.get(url)?.file.bytes.length ?? 0;
    kept.delete(url);
  }

  function keep(url: string, { file, untilMs }: KeptFile): void {
    remove(url);
    if (file.bytes.length > maxBytes) return;
    kept.set(url, { file, untilMs });
    bytes += file.bytes.length;
    for (const oldest of kept.keys()) {
      if (bytes <= maxBytes) return;
      remove(oldest);
    }
  }

  return {
    ...fetcher,
    async fetch(url, signal) {
      const known = kept.get(url);
      if (known !== undefined && known.untilMs > clock.now()) {
        keep(url, known);
        return known.file;
      }
      remove(url);
      const file = await fetcher.fetch(url, signal);
      keep(url, { file, untilMs: clock.now() + keptMs });
      return file;
    },
    close() {
      kept.clear();
      bytes = 0;
      return fetcher.close();
    },
  };
}
