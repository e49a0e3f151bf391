/** How a panel draws its queries. */
type Shape = 'lines' | 'stack' | 'stat' | 'table';

interface Query {
  readonly expr: string;
  /** With labels as `{{label}}`. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  /** What is shown, and what it means when it is high or low. */
  readonly description: string;
  /** A unit of Grafana. */
  readonly unit: string;
  readonly shape: Shape;
  readonly queries: readonly Query[];
  /** The alerts on what is shown: the panel links their runbooks. */
  readonly alerts?: readonly string[];
  /** Columns of 24; 8 unless given. */
  readonly width?: number;
  /** Where the axis ends; 1 for a share. */
  readonly max?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A list of values of a label, from which the reader chooses. */
export interface Choice {
  readonly label: string;
  readonly metric: string;
}

export interface Dashboard {
  /** A part of its URL and the name of its file: never change one. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly choices: readonly Choice[];
  readonly rows: readonly Row[];
}

/** The series of a metric in the namespaces that the reader chose. Without namespaces the choice is everything. */
export function series(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${['namespace=~"$namespace"', ...matchers].join(', ')}}`;
}

/** Requests that somebody waits for; runs of batches' items are told beside them under an endpoint of their own. */
export const ofClients = 'endpoint!="item_of_batch"';

/** The same of `ccg_outcomes_total`. */
export const ofRequests = 'traffic="requests"';

/** A counter per second, summed by labels. */
export function perSecond(by: string, metric: string, ...matchers: readonly string[]): string {
  return `sum by (${by}) (rate(${series(metric, ...matchers)}[$__rate_interval]))`;
}

/** What a counter grew by in the time that the dashboard shows. */
export function inRange(by: string, metric: string, ...matchers: readonly string[]): string {
  return `sum by (${by}) (increase(${series(metric, ...matchers)}[$__range]))`;
}

/** A quantile of a histogram; `by` may be empty. */
export function quantile(share: number, by: string, metric: string, ...matchers: readonly string[]): string {
  const labels = by === '' ? 'le' : `${by}, le`;
  return `histogram_quantile(${share}, ${perSecond(labels, `${metric}_bucket`, ...matchers)})`;
}

/** Median, 95th and 99th percentile of a histogram. */
export function percentiles(metric: string, ...matchers: readonly string[]): readonly Query[] {
  return [0.5, 0.95, 0.99].map((share) => ({
    expr: quantile(share, '', metric, ...matchers),
    legend: `p${share * 100}`,
  }));
}

/** The ten greatest. */
export function topTen(expr: string): string {
  return `topk(10, ${expr})`;
}

/** A metric of every process of Node, for those of the gateway alone. */
export function ofOurProcesses(expr: string): string {
  return `${expr} and on (namespace, job, instance) ccg_store_up`;
}
