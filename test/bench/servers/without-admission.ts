import { registerHooks } from 'node:module';

// Loaded before a gateway (`node --import`), it gives the gateway an admission that does nothing.
const openAdmission = new URL('./open-admission.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === '@ccg/admission' && context.parentURL !== openAdmission ? openAdmission : specifier, context),
});
