import { createManualClock } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { withKeptFiles } from './kept-files.ts';

const { signal } = new AbortController();
const minuteMs = 60_000;

/** A fetcher whose files have the length that their URL ends with. */
function rig(maxBytes?: number) {
  const asked: string[] = [];
  const clock = createManualClock();
  const files = withKeptFiles(
    {
      fetch(url) {
        asked.push(url);
        const size = Number(/\d+$/u.exec(url)?.[0]);
        if (Number.isNaN(size)) return Promise.reject(new Error('not there'));
        return Promise.resolve({ mediaType: 'image/png', bytes: new Uint8Array(size) });
      },
      close: () => Promise.resolve(),
    },
    clock,
    maxBytes,
  );
  const fetch = async (...urls: readonly string[]) => {
    for (const url of urls) await files.fetch(url, signal);
  };
  return { asked, clock, files, fetch };
}

test('a file is fetched once for the turns of some minutes, and then again', async () => {
  const { asked, clock, fetch } = rig();
  await fetch('a1', 'a1', 'b1');
  clock.advance(9 * minuteMs);
  await fetch('a1');
  expect(asked).toEqual(['a1', 'b1']);
  clock.advance(2 * minuteMs);
  await fetch('a1');
  expect(asked).toEqual(['a1', 'b1', 'a1']);
});

test('the files that are kept have a bound together; the one that was used longest ago goes first', async () => {
  const { asked, fetch } = rig(100);
  await fetch('a40', 'b40', 'a40', 'c40');
  await fetch('a40', 'c40');
  expect(asked).toEqual(['a40', 'b40', 'c40']);
  await fetch('b40');
  expect(asked).toEqual(['a40', 'b40', 'c40', 'b40']);
});

test('a file that is larger than all that may be kept is fetched every time, and one that is not there, too', async () => {
  const { asked, fetch, files } = rig(100);
  await fetch('a101', 'a101');
  await expect(files.fetch('gone', signal)).rejects.toThrow('not there');
  await expect(files.fetch('gone', signal)).rejects.toThrow('not there');
  expect(asked).toEqual(['a101', 'a101', 'gone', 'gone']);
});
