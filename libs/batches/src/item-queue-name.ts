/** What the queue is called in which pointers to items wait for a worker, under the prefix of `redisKeys.batches.queue`. */
export const itemQueueName = 'items';
