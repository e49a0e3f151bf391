import { describe, expect, test, vi } from 'vitest';

import { keepRunning } from './keep-running.ts';
import type { ServerLife } from './keep-running.ts';

interface FakeLife extends ServerLife {
  end(): void;
}

function fakeLife(): FakeLife {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const end = (): void => {
    resolve(undefined);
  };
  return { ended: promise, end, close: () => Promise.resolve(end()) };
}

function observe() {
  return { say: vi.fn<(line: string) => void>(), restarted: vi.fn<() => Promise<void>>(() => Promise.resolve()) };
}

describe('keepRunning', () => {
  test('starts a server again that ended by itself, and lets it be filled before it says so', async () => {
    const lives: FakeLife[] = [];
    const observer = observe();
    const kept = keepRunning('fake', () => Promise.resolve(lives[lives.push(fakeLife()) - 1] ?? fakeLife()), observer);
    await kept.start();
    lives[0]?.end();
    await vi.waitFor(() => {
      expect(observer.say).toHaveBeenLastCalledWith('The store (fake) is back.');
    });
    expect(lives).toHaveLength(2);
    expect(observer.restarted).toHaveBeenCalledOnce();
    await kept.close();
  });

  test('tries again when a start in between fails', async () => {
    const begin = vi.fn<() => Promise<FakeLife>>();
    const first = fakeLife();
    begin.mockResolvedValueOnce(first).mockRejectedValueOnce(new Error('no room')).mockResolvedValue(fakeLife());
    const observer = observe();
    const kept = keepRunning('fake', begin, observer);
    await kept.start();
    first.end();
    await vi.waitFor(
      () => {
        expect(observer.say).toHaveBeenLastCalledWith('The store (fake) is back.');
      },
      { timeout: 5000 },
    );
    expect(observer.say).toHaveBeenCalledWith('The store (fake) is not back yet: no room');
    await kept.close();
  });

  test('fails aloud when the first start fails', async () => {
    const kept = keepRunning('fake', () => Promise.reject(new Error('no room')), observe());
    await expect(kept.start()).rejects.toThrow('no room');
    await kept.close();
  });

  test('starts nothing again once it is closed, also in the pause before another start', async () => {
    const first = fakeLife();
    const begin = vi.fn<() => Promise<FakeLife>>().mockResolvedValue(first);
    const observer = observe();
    const kept = keepRunning('fake', begin, observer);
    await kept.start();
    first.end();
    await vi.waitFor(() => {
      expect(observer.say).toHaveBeenCalledWith('The store (fake) ended. Starting it again.');
    });
    await kept.close();
    expect(begin).toHaveBeenCalledOnce();
    expect(observer.restarted).not.toHaveBeenCalled();
  });

  test('ends a server that was still starting', async () => {
    const life = fakeLife();
    const close = vi.spyOn(life, 'close');
    const { promise, resolve } = Promise.withResolvers<FakeLife>();
    const kept = keepRunning('fake', () => promise, observe());
    const starting = kept.start();
    const closing = kept.close();
    resolve(life);
    await Promise.all([starting, closing]);
    expect(close).toHaveBeenCalledOnce();
  });
});
