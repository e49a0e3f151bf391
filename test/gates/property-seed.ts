import fc from 'fast-check';

// The same values in every run: a red run must come from a change. `npm run fuzz` takes other ones.
const seed = 20_261_128;
fc.configureGlobal({ seed: Number(process.env['PROPERTY_SEED'] ?? seed) });
