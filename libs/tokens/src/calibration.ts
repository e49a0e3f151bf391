import type { Target } from '@ccg/catalog';
import { createBoundedMap } from '@ccg/kernel';
import { createLeastSquares } from './least-squares.ts';
import type { LeastSquares } from './least-squares.ts';
import { startRatios } from './start-ratios.ts';
import type { TokenCount } from './token-count.ts';

/** Learns from what providers report how their models' tokenizers differ from the reference. */
export interface Calibration {
  /** A completed answer to a prompt that was counted as `count` reported that it had `reported` tokens. */
  observe(target: Target, count: TokenCount, reported: number): void;
  /** How many tokens a count is on this model, a whole number; rather a little too many than too few. */
  tokens(target: Target, count: TokenCount): number;
}

interface Learned {
  readonly ratios: LeastSquares;
  margin: number;
}

/** Kinds of text in the order of the ratios. */
const kinds = ['words', 'marks', 'digits', 'foreign', 'wide', 'syllables'] as const;

/** How sure the start values are: by how much models differ in a kind. */
const spreads = [0.2, 0.2, 0.5, 0.7, 0.8, 0.5];
const bounds = [
  [0.7, 2],
  [0, 1],
  [0, 1],
  [0.7, 4],
  [0.7, 4],
  [0, 2],
] as const;

/** Of what was reported, how much the best ratios miss by, since texts of one kind differ too. */
const noise = 0.05;
/** How fast what was learned long ago gives way: a provider may change the model behind a name. */
const drift = 0.01;
const smallestNoise = 5;

const marginAtStart = 0.05;
const marginMax = 0.15;
/** After a count that was too low, and after one that was not: it settles where one of ten is too low. */
const marginUp = 0.018;
const marginDown = 0.002;

/** A report beyond these, in counts, is no count of this prompt: it was cut, or it counts something else. */
const plausible = { least: 0.4, most: 4 };

/**
 * Keeps ratios by kind of text for each model, the most recently used `maxModels`, and a margin that grows while
 * estimates are too low. One ratio would do where every prompt has the same mix; with one kind alone this is that.
 */
export function createCalibration({ maxModels }: { readonly maxModels: number }): Calibration {
  const models = createBoundedMap<Learned>(maxModels);

  function observe(target: Target, count: TokenCount, reported: number): void {
    if (!isPlausible(reported, count)) return;
    const { key } = target;
    let learned = models.get(key);
    if (learned === undefined) {
      learned = beginWith(target.model);
      models.set(key, learned);
    }
    const features = featuresOf(target, count);
    const expected = count.fixed + learned.ratios.estimate(features);
    const isLow = reported > expected * (1 + learned.margin);
    learned.margin = Math.min(marginMax, Math.max(0, learned.margin + (isLow ? marginUp : -marginDown)));
    learned.ratios.observe(features, reported - count.fixed, smallestNoise + noise * reported);
  }

  return {
    observe,
    tokens(target, count) {
      const { ratios, margin } = models.get(target.key) ?? beginWith(target.model);
      return Math.ceil((count.fixed + ratios.estimate(featuresOf(target, count))) * (1 + margin));
    },
  };
}

function beginWith(model: string): Learned {
  const start = startRatios(model);
  const ratios = createLeastSquares({ start: kinds.map((kind) => start[kind]), spreads, bounds, drift });
  return { ratios, margin: marginAtStart };
}

/** Reasoning is words mostly. */
function featuresOf(target: Target, count: TokenCount): number[] {
  const thinking = count.thinking > 0 && target.resendsReasoning ? count.thinking : 0;
  return kinds.map((kind) => (kind === 'words' ? count.words + thinking : count[kind]));
}

function isPlausible(reported: number, { words, foreign, wide, fixed }: TokenCount): boolean {
  const counted = words + foreign + wide + fixed;
  return reported >= plausible.least * counted && reported <= plausible.most * counted;
}
