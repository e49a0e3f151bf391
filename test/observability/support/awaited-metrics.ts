/**
 * Metrics that dashboards and rules use already and that nothing counts yet, with what has to be built first. A test
 * fails when one of them exists: take it off the list then, and its panels and alerts are held to it.
 */
export const awaitedMetrics: Readonly<Record<string, string>> = {
  ccg_reservations_outstanding: 'reservations',
  ccg_reservations_swept_total: 'reservations',
};

/**
 * What only a worker tells, and no worker runs in the live test: its panels are empty there and its alerts are silent.
 * A panel or alert belongs to the worker when its expression contains one of these texts. A test fails when a panel
 * shows something or an alert begins all the same: take its text off the list then.
 */
export const toldByWorker = {
  panels: ['ccg_batch_items_total', 'endpoint="item_of_batch"'],
  alerts: ['ccg_batch_oldest_item_age_seconds'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
