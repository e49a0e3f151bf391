import { isTimeZone, nameFault, plainTextMaxLength, plainTextMessage, timeZoneMessage } from '@ccg/kernel';
import { z } from 'zod';

// What `gateway.yaml` and the admin API ask of texts that people read, and of what is said of people. The patterns leave
// out what the language of the chart's schema cannot write.

/** A name, or whom to ask. */
export const plainTextRule = z
  .string()
  .max(plainTextMaxLength, { error: plainTextMessage, abort: true })
  .regex(/^\P{Cc}+$/u, { error: plainTextMessage, abort: true })
  .superRefine((text, context) => {
    const message = nameFault(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

export const timeZoneRule = z.string().refine(isTimeZone, { error: timeZoneMessage });

const weightError = 'must be a whole number from 1 to 100';

/** How many turns a user has where others have one while requests wait, or a tenant while items of batches wait. */
export const waitingWeightRule = z
  .int({ error: weightError, abort: true })
  .min(1, { error: weightError })
  .max(100, { error: weightError });
