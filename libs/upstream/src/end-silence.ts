import type { Dispatcher } from 'undici';
import { UpstreamCallError } from './call-error.ts';

/** How long one provider may say nothing. */
export interface SilenceTimes {
  /** Until the first byte of its answer's body. */
  readonly firstEventMs: number;
  /** After that. */
  readonly idleMs: number;
}

/**
 * Ends a call whose provider is silent for too long. The HTTP client counts the head of an answer as its beginning; many
 * servers send that at once and then read the prompt for minutes. While the reader pauses nobody counts.
 */
export function endSilence(handler: Dispatcher.DispatchHandler, times: SilenceTimes): Dispatcher.DispatchHandler {
  let timer: NodeJS.Timeout | undefined;
  let hasBegun = false;
  let startIdle = (): void => {};
  const stop = () => {
    clearTimeout(timer);
  };
  return {
    ...handler,
    onRequestStart(controller, context) {
      const expire = () => {
        if (controller.paused) timer?.refresh();
        else if (hasBegun) controller.abort(new UpstreamCallError('idle-timeout', undefined, times.idleMs));
        else controller.abort(new UpstreamCallError('first-byte-timeout', undefined, times.firstEventMs));
      };
      const start = (delayMs: number) => {
        stop();
        timer = setTimeout(expire, delayMs);
      };
      stop();
      hasBegun = false;
      start(times.firstEventMs);
      startIdle = () => {
        start(times.idleMs);
      };
      handler.onRequestStart?.(controller, context);
    },
    onResponseStart(...head) {
      handler.onResponseStart?.(...head);
    },
    onResponseData(controller, chunk) {
      if (hasBegun) timer?.refresh();
      else startIdle();
      hasBegun = true;
      handler.onResponseData?.(controller, chunk);
    },
    onResponseEnd(...end) {
      stop();
      handler.onResponseEnd?.(...end);
    },
    onResponseError(...failure) {
      stop();
      handler.onResponseError?.(...failure);
    },
  };
}
