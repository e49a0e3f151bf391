export { createAdmission } from './create-admission.ts';
export type { Admission, AdmissionOptions } from './create-admission.ts';
export type { StoreMode } from './outage.ts';
export type { SettlementOutcome } from './settlements.ts';
export { settleScript } from './settle.ts';
export type { SettlementCall } from './settle.ts';
export { sweepReservations, startSweeper } from './sweep.ts';
export type { SweeperOptions, SweepOptions } from './sweep.ts';
export type { WaitOutcome } from './waiting-room.ts';
export { readWaiting } from './read-waiting.ts';
export { joinLiveReplicas } from './live-replicas.ts';
export type { LiveReplicas, LiveReplicasOptions } from './live-replicas.ts';
export { wholeTenant } from './limits.ts';
export type {
  AdmissionRequest,
  BudgetLimit,
  BudgetPeriod,
  ConcurrencyLimit,
  Decision,
  FinalUse,
  HandedOver,
  Limit,
  LimitState,
  OnStoreError,
  OutputBound,
  RateLimit,
  Refused,
  Reservation,
  Used,
  WaitEnd,
  Waiting,
} from './limits.ts';
export { createReadBudgets } from './read-budgets.ts';
export type { BudgetState, ReadBudgets } from './read-budgets.ts';
