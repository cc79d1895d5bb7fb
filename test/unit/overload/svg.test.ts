import { expect, test } from 'vitest';
import { drawSvg } from '../../bench/overload/svg.ts';

const axis = { scale: 'linear', from: 0, until: 10, ticks: [{ at: 5, text: 'half' }] } as const;

test('a chart has its axes, its legend and its lines, and nothing outside of it', () => {
  const svg = drawSvg({
    title: 'Work & <rest>',
    subtitle: 'of a day',
    x: { ...axis, label: 'hours' },
    y: { ...axis, label: 'share', scale: 'log', from: 1, until: 100 },
    lines: [
      {
        label: 'one',
        points: [
          { x: 0, y: 1 },
          { x: 5, y: 10 },
          { x: 20, y: 10_000 },
        ],
      },
      {
        label: 'gap',
        points: [
          { x: 0, y: 1 },
          { x: 5, y: Number.NaN },
          { x: 10, y: 1 },
        ],
      },
      { label: 'held', steps: true, reference: true, points: [{ x: 0, y: 1 }] },
    ],
  });
  for (const part of ['Work &amp; &lt;rest&gt;', 'of a day', 'hours', 'share', 'half', 'gap']) {
    expect(svg).toContain(part);
  }
  expect(svg).toContain('d="M72 366L386 231L700 96"');
  expect(svg).toContain('d="M72 366M700 366"');
  expect(svg).not.toContain('NaN');
  expect(svg).toContain('prefers-color-scheme: dark');
});
