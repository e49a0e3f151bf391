export type { AdmissionRequest, Lease } from './admit.ts';
export type { Bucket, Credit } from './bucket.ts';
export { createAdmission } from './create-admission.ts';
export type { Admission, AdmissionOptions } from './create-admission.ts';
export type { BucketState, Decision } from './decision.ts';
export type { Settlement } from './settle.ts';
