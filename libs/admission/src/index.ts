export { createAdmission } from './create-admission.ts';
export type { Admission, AdmissionOptions } from './create-admission.ts';
export type { SettlementOutcome } from './settlements.ts';
export { joinLiveReplicas } from './live-replicas.ts';
export type { LiveReplicas, LiveReplicasOptions } from './live-replicas.ts';
export { wholeTenant } from './limits.ts';
export type { AdmissionRequest, ConcurrencyLimit, Decision, Limit, LimitState, RateLimit, Refund } from './limits.ts';
