import { Table } from '@mantine/core';
import { shortDay } from './day-chart.tsx';
import { LAYER_WORDS, LAYERS, type StackedDay } from './stack-days.ts';

/** The chart in numbers, the newest day first; days on which nothing was asked for are left out. */
export function DayTable({ days }: { days: readonly StackedDay[] }) {
  const rows = days.filter(({ all }) => all > 0).toReversed();
  return (
    <details className="chart-table">
      <summary>The same in numbers</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className="table-scroll" tabIndex={0} aria-label="Captures by day, in numbers">
        <Table className="table table-small">
          <caption className="visually-hidden">Captures by day and how they ended; days of UTC</caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Day</Table.Th>
              {LAYERS.map((layer) => (
                <Table.Th key={layer} scope="col">
                  {LAYER_WORDS[layer]}
                </Table.Th>
              ))}
              <Table.Th scope="col">All</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ day, layers, all }) => (
              <Table.Tr key={day}>
                <Table.Th scope="row">
                  <time dateTime={day}>{shortDay(day)}</time>
                </Table.Th>
                {LAYERS.map((layer) => (
                  <Table.Td key={layer}>{layers[layer].toLocaleString()}</Table.Td>
                ))}
                <Table.Td>{all.toLocaleString()}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </section>
    </details>
  );
}
