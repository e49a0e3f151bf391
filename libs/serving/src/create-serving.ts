import type { Admission } from '@ccg/admission';
import type { Catalog, Targets } from '@ccg/catalog';
import type { Clock, Secret } from '@ccg/kernel';
import type { Metrics } from '@ccg/telemetry';
import { createToolListCache, createTranslation } from '@ccg/translation';
import type { IdSource } from '@ccg/translation';
import type { FileFetcher, Upstream } from '@ccg/upstream';
import type { RefusalLog } from '@ccg/usage';
import { createAdmit } from './admit-request.ts';
import { createAttempt } from './attempt.ts';
import type { Translate } from './attempt.ts';
import { createCallTarget } from './call-target.ts';
import { createCountAtProvider } from './count-at-provider.ts';
import { createCountTokens } from './count-tokens.ts';
import type { CountTokens } from './count-tokens.ts';
import { createEstimatePrompt } from './estimate-prompt.ts';
import type { Digest, TokenCounting } from './estimate-prompt.ts';
import { createInlineFiles, withInlineFiles } from './inline-files.ts';
import { withKeptFiles } from './kept-files.ts';
import { createLearnModel } from './learn-model.ts';
import { createLearnedRejections, overridingLimits } from './learned-rejections.ts';
import { withRecorder } from './recorder.ts';
import type { Recorder } from './recorder.ts';
import { createSealing } from './sealing/create-sealing.ts';
import { createServe } from './serve.ts';
import type { Serve } from './serve.ts';

/** What serving is made of. Each of its steps gets the part that it needs. */
export interface ServingDependencies {
  readonly catalog: Catalog;
  readonly targets: Targets;
  readonly admission: Admission;
  /** Serving ends its connections when it closes. */
  readonly upstream: Upstream;
  /** Fetches images and documents of which a client gave the URL. Unset, none are. Serving ends its connections too. */
  readonly fileFetcher?: FileFetcher | undefined;
  readonly tokens: TokenCounting;
  readonly digest: Digest;
  readonly ids: IdSource;
  /** The first key encrypts what backends want to get back through the client; any key decrypts. */
  readonly sealingKeys: readonly [Secret, ...Secret[]];
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Records every Messages request. Unset, nothing is recorded and nothing is spent on it. */
  readonly recorder?: Recorder;
  /** Remembers what limits refuse, for whoever asks why. Unset, nobody can be told. */
  readonly refusals?: Pick<RefusalLog, 'note'> | undefined;
}

/** The part of a request from its route to its settlement, for every app that answers Messages requests. */
export interface Serving {
  /** Answers a Messages request into a sink. Never rejects: every way it can end is in the record. */
  readonly serve: Serve;
  /** Answers a count_tokens request into a sink. Never rejects. */
  readonly countTokens: CountTokens;
  /** Ends every connection to a provider at once. Requests that still run fail. */
  close(): Promise<void>;
}

/** A hundred and more lists of Claude Code's tools. */
const toolListCacheMaxBytes = 8 * 1024 * 1024;

/** Builds the pipeline, and what this process remembers between requests: rejections, translated tools, fetched files. */
export function createServing(dependencies: ServingDependencies): Serving {
  const { clock, fileFetcher, recorder, tokens, upstream } = dependencies;
  const files = fileFetcher === undefined ? undefined : withKeptFiles(fileFetcher, clock);
  const translate = createTranslate(dependencies);
  const callTarget = createCallTarget({ upstream });
  const learnedRejections = createLearnedRejections(clock);
  dependencies.metrics.watchLearnedRejections(() => learnedRejections.counts());
  const shared = { ...dependencies, translate, callTarget, learnedRejections };
  const admit = createAdmit(dependencies);
  const serve = createServe({
    ...dependencies,
    admit,
    estimatePrompt: createEstimatePrompt(tokens, clock),
    attempt: withInlineFiles(createAttempt(shared), createInlineFiles(files)),
    learnModel: createLearnModel(dependencies),
  });
  return {
    serve: recorder === undefined ? serve : withRecorder(serve, recorder),
    countTokens: createCountTokens({ ...dependencies, admit, countAtProvider: createCountAtProvider(shared) }),
    async close() {
      await Promise.all([upstream.close(), files?.close()]);
    },
  };
}

/** The request in the dialect of its target. Throws `request-invalid` for what the target has no form for. */
function createTranslate({ catalog, ids, sealingKeys }: ServingDependencies): Translate {
  const sealing = createSealing(sealingKeys);
  const toolListCache = createToolListCache({ maxBytes: toolListCacheMaxBytes });
  return ({ request, messagesRequest, tools }, target, { estimatedInputTokens, rejections }) => {
    request.recording?.translated(target, estimatedInputTokens);
    const translation = createTranslation({
      requestId: request.requestId,
      messagesRequest,
      tools,
      toolListCache,
      target,
      requestedModel: messagesRequest.model,
      maxOutputTokens: catalog.maxOutputTokens,
      limits: overridingLimits(target.limits, rejections),
      ids,
      sealer: sealing.for({
        tenant: request.principal.tenant,
        provider: target.provider.name,
        model: target.model,
      }),
      estimatedInputTokens,
      rejections,
    });
    // While a provider is waited for the body alone is kept: what was read of it takes as much memory again.
    messagesRequest.releaseMembers();
    return translation;
  };
}
