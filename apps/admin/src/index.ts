export { adminOperations } from './admin-app.ts';
export type { Operation } from './operation.ts';
export { problem } from './schemas.ts';
export { adminAddresses, adminProblems, adminVariables, parseAdminConfig } from './config.ts';
export type { AdminConfig } from './config.ts';
export { startAdmin } from './start-admin.ts';
export type { AdminStartDependencies, RunningAdmin } from './start-admin.ts';
