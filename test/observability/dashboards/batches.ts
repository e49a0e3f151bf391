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
          description: 'Batches that were created, asked for, listed, cancelled and read.',
          unit: 'reqps',
          shape: 'stack',
          queries: [
            {
              expr: perSecond('endpoint, outcome', 'ccg_requests_total', 'endpoint=~"batch.*"'),
              legend: '{{endpoint}} {{outcome}}',
            },
          ],
          width: 24,
        },
      ],
    },
  ],
};
