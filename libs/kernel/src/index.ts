export { assertNever } from './assert-never.ts';
export { createBoundedMap } from './bounded-map.ts';
export type { BoundedMap } from './bounded-map.ts';
export { startStopwatch, systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export { errorCatalog } from './errors/catalog.ts';
export type { AnthropicErrorType, ErrorCode, ErrorOwner, RetryAdvice } from './errors/catalog.ts';
export { changedError, GatewayError, toGatewayError } from './errors/gateway-error.ts';
export type { GatewayErrorDetails } from './errors/gateway-error.ts';
export { outcomeFacts } from './errors/outcome-facts.ts';
export { outcomeOfCode, outcomeOfReason, outcomes } from './errors/outcomes.ts';
export type { Outcome } from './errors/outcomes.ts';
export { ReaderGoneError } from './errors/reader-gone-error.ts';
export { limitRuleClashes, limitRuleFaults, ruleMessages } from './limit-rule-faults.ts';
export {
  budgetAmountMax,
  budgetPeriods,
  isBudgetAmount,
  limitAmountMax,
  limitKinds,
  limitLevels,
  limitModes,
  limitTraffics,
  limitNameShape,
  limitRulesMax,
  maxWaitingMax,
  maxWaitSecondsMax,
  nameOfLimit,
  onStoreErrorOf,
  rateKinds,
  reservationsOf,
  storeErrorAnswersOf,
  toMicroDollars,
  waitingOf,
} from './limit-rules.ts';
export type {
  BudgetPeriod,
  BudgetRule,
  ConcurrencyRule,
  LimitLevel,
  LimitMode,
  LimitTraffic,
  LimitRule,
  OnStoreError,
  RateKind,
  RateRule,
  Reservation,
} from './limit-rules.ts';
export { isTimeZone, nameFault, plainTextMaxLength, plainTextMessage, timeZoneMessage } from './plain-text.ts';
export { scopes } from './scopes.ts';
export type { Scope } from './scopes.ts';
export { Secret } from './secret.ts';
export { escapeHidden, visibleText } from './visible-text.ts';
