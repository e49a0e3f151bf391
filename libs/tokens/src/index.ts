export { createCalibration } from './calibration.ts';
export type { Calibration } from './calibration.ts';
export { createTokenEstimator } from './create-token-estimator.ts';
export type { TokenEstimator } from './create-token-estimator.ts';
export type { Prompt } from './read-prompt.ts';
export type { TokenCount } from './token-count.ts';
export { loadTokenizer } from './tokenizer.ts';
export type { CountTokens } from './tokenizer.ts';
