import { useEffect, useId, useRef } from 'react';
import { axisEnd, LAYER_WORDS, LAYERS, type StackedDay } from './stack-days.ts';

const SIZE = { width: 720, height: 200, left: 44, bottom: 24, top: 8 };
const LABELS_MAX = 6;

const PLOT = { width: SIZE.width - SIZE.left, height: SIZE.height - SIZE.bottom - SIZE.top };

/** A bar for each day, one layer above the other. What it shows stands in the table beside it, so it is one picture to who hears it. */
export function DayChart({ days, summary }: { days: readonly StackedDay[]; summary: string }) {
  const hatch = useId();
  const frame = useRef<HTMLElement>(null);
  // Where the picture is wider than its place, today is what is looked for first.
  useEffect(() => {
    if (frame.current) frame.current.scrollLeft = frame.current.scrollWidth;
  }, []);
  const end = axisEnd(days);
  const every = Math.ceil(days.length / LABELS_MAX);
  return (
    /* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */
    <section className="chart-scroll" tabIndex={0} aria-label="Picture of the days" ref={frame}>
      <svg className="day-chart" viewBox={`0 0 ${SIZE.width} ${SIZE.height}`} role="img" aria-label={summary}>
        <defs>
          {/* Told apart by more than their colours. */}
          <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="6" height="6" className="layer-failed" />
            <rect width="2" height="6" className="layer-gap" />
          </pattern>
        </defs>
        {[0, 0.5, 1].map((share) => (
          <GridLine key={share} y={SIZE.top + PLOT.height * (1 - share)} label={(end * share).toLocaleString()} />
        ))}
        {days.map((day, index) => (
          <Bar
            key={day.day}
            day={day}
            end={end}
            step={PLOT.width / days.length}
            index={index}
            hatch={hatch}
            label={index % every === 0 ? shortDay(day.day) : null}
          />
        ))}
      </svg>
    </section>
  );
}

function GridLine({ y, label }: { y: number; label: string }) {
  return (
    <g>
      <line className="grid-line" x1={SIZE.left} x2={SIZE.width} y1={y} y2={y} />
      <text className="axis" x={SIZE.left - 8} y={y + 4} textAnchor="end">
        {label}
      </text>
    </g>
  );
}

type BarProps = { day: StackedDay; end: number; step: number; index: number; hatch: string; label: string | null };

function Bar({ day, end, step, index, hatch, label }: BarProps) {
  const width = Math.max(2, Math.min(28, step * 0.7));
  const x = SIZE.left + index * step + (step - width) / 2;
  let y = SIZE.top + PLOT.height;
  return (
    <g>
      {LAYERS.map((layer) => {
        const height = (day.layers[layer] / end) * PLOT.height;
        y -= height;
        if (height === 0) return null;
        // A class would win over the pattern.
        const look = layer === 'failed' ? { fill: `url(#${hatch})` } : { className: `layer-${layer}` };
        return <rect key={layer} x={x} y={y} width={width} height={height} {...look} />;
      })}
      {label !== null && (
        <text className="axis" x={x + width / 2} y={SIZE.height - 6} textAnchor="middle">
          {label}
        </text>
      )}
    </g>
  );
}

/** What the layers look like. */
export function Legend() {
  return (
    <ul className="legend">
      {LAYERS.map((layer) => (
        <li key={layer}>
          <span className={`swatch swatch-${layer}`} aria-hidden />
          {LAYER_WORDS[layer]}
        </li>
      ))}
    </ul>
  );
}

const monthDay = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' });

/** "Dec 1", by the calendar of UTC, as the days are counted. */
export function shortDay(day: string): string {
  return monthDay.format(new Date(day));
}
