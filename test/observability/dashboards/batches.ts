import { perSecond, series } from './panel.ts';
import type { Dashboard } from './panel.ts';

export const batches: Dashboard = {
  uid: 'ccg-batches',
  title: 'Batches',
  description: 'Whether the workers keep up with the batches that were accepted.',
  choices: [],
  rows: [
    {
      title: 'Backlog',
      panels: [
        {
          title: 'Items that wait or run',
          description: 'Items of all batches that have no result yet.',
          unit: 'short',
          shape: 'lines',
          queries: [{ expr: `max(${series('ccg_batch_backlog_items')})`, legend: 'items' }],
          alerts: ['CcgBatchBacklogOld'],
          width: 12,
        },
        {
          title: 'Age of the oldest item',
          description: 'Items that wait for 24 hours expire. Above 4 hours an alert begins.',
          unit: 's',
          shape: 'lines',
          queries: [{ expr: `max(${series('ccg_batch_oldest_item_age_seconds')})`, legend: 'oldest' }],
          alerts: ['CcgBatchBacklogOld'],
          width: 12,
        },
        {
          title: 'Requests to the API of batches',
          description:
            'Batches that were created, asked for, listed, cancelled, deleted and read. Items are shown below.',
          unit: 'reqps',
          shape: 'stack',
          queries: [
            {
              expr: perSecond('endpoint, outcome', 'ccg_requests_total', 'endpoint=~"batches_.*"'),
              legend: '{{endpoint}} {{outcome}}',
            },
          ],
          width: 24,
        },
      ],
    },
    {
      title: 'Items',
      panels: [
        {
          title: 'Items that got their result',
          description: 'Items per second, by how they ended. An item that errored is not tried again.',
          unit: 'ops',
          shape: 'stack',
          queries: [{ expr: perSecond('outcome', 'ccg_batch_items_total'), legend: '{{outcome}}' }],
        },
        {
          title: 'Share of each tenant',
          description:
            'Of the items that got their result. While several tenants have items, each gets an equal part, whatever it has sent.',
          unit: 'percentunit',
          shape: 'stack',
          max: 1,
          queries: [
            {
              expr: `${perSecond('tenant', 'ccg_batch_items_total')} / scalar(${perSecond('', 'ccg_batch_items_total')})`,
              legend: '{{tenant}}',
            },
          ],
        },
        {
          title: 'Runs of items by outcome',
          description:
            'Says why items fail. A run that ends without a result is repeated, so there are more runs than items.',
          unit: 'ops',
          shape: 'stack',
          queries: [
            {
              expr: perSecond('outcome', 'ccg_requests_total', 'endpoint="item_of_batch"'),
              legend: '{{outcome}}',
            },
          ],
        },
        {
          title: 'Items that were answered twice',
          description: 'Answers that were paid for and dropped. More than 0 when a worker died or Redis was away.',
          unit: 'short',
          shape: 'stat',
          queries: [
            { expr: `sum(increase(${series('ccg_batch_upstream_duplicates_total')}[$__range]))`, legend: 'answers' },
          ],
        },
      ],
    },
  ],
};
