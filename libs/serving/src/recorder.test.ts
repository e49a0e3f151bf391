import {
  createGate,
  cut,
  jsonScript,
  openAiChatFrames,
  openAiChatSseHead,
  say,
  unreachableUrl,
  waitFor,
  write,
} from '@ccg/testkit';
import { afterEach, expect, test } from 'vitest';
import { ask, chatModel, run, startServingRig } from '../test/serving-rig.ts';
import type { RigOptions, ServingRig } from '../test/serving-rig.ts';
import type { Recorder } from './recorder.ts';

interface RecordedCall {
  readonly sent: unknown;
  status?: number;
  answer: string;
  end?: string;
}

/** What a recorder was told, in the order of its events. */
interface Told {
  body: string;
  estimates: (number | undefined)[];
  readonly calls: RecordedCall[];
  readonly outcomes: string[];
}

let rig: ServingRig;
afterEach(() => rig.close());

async function startRecordedRig(options: RigOptions = {}): Promise<Told> {
  const told: Told = { body: '', estimates: [], calls: [], outcomes: [] };
  rig = await startServingRig({ ...options, recorder: recorderInto(told) });
  return told;
}

function recorderInto(told: Told): Recorder {
  return {
    begin: () => ({
      received(body) {
        told.body += Buffer.from(body).toString();
      },
      translated(_target, estimatedInputTokens) {
        told.estimates.push(estimatedInputTokens);
      },
      called(_target, { body }) {
        const call: RecordedCall = { sent: JSON.parse(Buffer.from(body).toString()), answer: '' };
        told.calls.push(call);
        return {
          answered({ status }) {
            call.status = status;
          },
          received(chunk) {
            call.answer += Buffer.from(chunk).toString();
          },
          ended(how) {
            call.end = how;
          },
        };
      },
      ended({ outcome }) {
        told.outcomes.push(outcome);
      },
    }),
  };
}

const stream = { prefix: chatModel, change: { stream: true } };
const frames = openAiChatFrames({ content: [say('Half a loaf.')] }, { model: chatModel.model, includeUsage: true });

test('a stream is recorded to the byte, from the body of the client to the last frame of the provider', async () => {
  const told = await startRecordedRig();
  rig.upstream.answer([...openAiChatSseHead(), ...frames.map(write)]);
  await run(rig, stream);
  expect(JSON.parse(told.body)).toMatchObject({ model: 'claude-opus-5-5', stream: true });
  expect(told.estimates).toEqual([expect.any(Number)]);
  expect(told.calls).toMatchObject([{ sent: { model: chatModel.model }, status: 200, answer: frames.join('') }]);
  expect(told.outcomes).toEqual(['ok']);
});

test('a stream that was cut is recorded with its end', async () => {
  const told = await startRecordedRig();
  const seen = createGate();
  rig.upstream.answer([...openAiChatSseHead(), ...frames.slice(0, 3).map(write), waitFor(seen.opened), cut]);
  const { sink, record } = ask(rig, stream);
  await sink.until((text) => text.includes('content_block_delta'));
  seen.open();
  await record;
  expect(told.calls).toMatchObject([{ answer: frames.slice(0, 3).join(''), end: 'cut' }]);
  expect(told.outcomes).toEqual(['upstream_truncated']);
});

test('every call of a request is recorded: the one whose field was refused, and the one without it', async () => {
  const told = await startRecordedRig();
  const refusal = { error: { message: "Unsupported parameter: 'stream_options'", param: 'stream_options' } };
  rig.upstream.answer(jsonScript(400, refusal), [...openAiChatSseHead(), ...frames.map(write)]);
  await run(rig, stream);
  expect(told.calls.map(({ status, answer }) => [status, answer])).toEqual([
    [400, JSON.stringify(refusal)],
    [200, frames.join('')],
  ]);
  expect(told.calls[0]?.sent).toHaveProperty('stream_options');
  expect(told.calls[1]?.sent).not.toHaveProperty('stream_options');
});

test('calls without an answer are recorded with the reason', async () => {
  const told = await startRecordedRig({ openAiUrl: `${await unreachableUrl()}/v1` });
  await run(rig, stream);
  expect(told.calls.map(({ end }) => end)).toEqual(['unreachable', 'unreachable']);
  expect(told.outcomes).toEqual(['upstream_unreachable']);
});

test('a request that asks no provider is recorded too', async () => {
  const told = await startRecordedRig();
  await run(rig, { takeBody: () => Buffer.from('{"model":') });
  expect(told).toMatchObject({ body: '{"model":', calls: [], outcomes: ['client_bad_request'] });
});
