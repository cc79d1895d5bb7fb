/** Line charts as SVG text: axes with ticks and labels, a legend, colours for light and dark pages. */

export interface Axis {
  readonly label: string;
  readonly scale: 'linear' | 'log';
  readonly from: number;
  readonly until: number;
  /** Values with a grid line and their text. */
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

export interface Line {
  readonly label: string;
  /** Points outside the axes are drawn on their edge; `NaN` interrupts the line. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** A value holds until the next one. */
  readonly steps?: boolean;
  /** What the others are held to: drawn thin and dashed. */
  readonly reference?: boolean;
}

export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
}

const WIDTH = 720;
const HEIGHT = 420;
const PLOT = { left: 72, right: 700, top: 96, bottom: 366 } as const;
const LEGEND = { sample: 33, character: 6.6, gap: 18 } as const;
/** Marks on few points help to read them; on many they hide the line. */
const MOST_MARKS = 12;

/** Told apart by shape, too, for those who do not see the colours. */
const MARKS = ['circle', 'square', 'triangle', 'diamond'] as const;

/** After Okabe and Ito, who chose colours that most eyes can tell apart; lighter on dark pages. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #3d444d }
  .title { font-size: 16px; font-weight: 600; fill: #1f2328 }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .axis { stroke: #59636e; stroke-width: 1 }
  .line { fill: none; stroke-width: 2.25; stroke-linejoin: round }
  .reference { stroke: #59636e; stroke-width: 1.5; stroke-dasharray: 5 4 }
  .s0 { stroke: #0072b2 } .s1 { stroke: #d55e00 } .s2 { stroke: #8a5a83 } .s3 { stroke: #007a5a }
  .m0 { fill: #0072b2 } .m1 { fill: #d55e00 } .m2 { fill: #8a5a83 } .m3 { fill: #007a5a }
  @media (prefers-color-scheme: dark) {
    text { fill: #b7bdc8 } .title { fill: #f0f6fc }
    .grid { stroke: #3d444d } .axis, .reference { stroke: #9198a1 }
    .s0 { stroke: #56b4e9 } .s1 { stroke: #e69f00 } .s2 { stroke: #cc9ac6 } .s3 { stroke: #2fbf9f }
    .m0 { fill: #56b4e9 } .m1 { fill: #e69f00 } .m2 { fill: #cc9ac6 } .m3 { fill: #2fbf9f }
  }`;

export function drawSvg(chart: Chart): string {
  const toX = scaleOf(chart.x, PLOT.left, PLOT.right);
  const toY = scaleOf(chart.y, PLOT.bottom, PLOT.top);
  const lines = chart.lines.map((line, index) => drawLine(line, styleOf(chart, index), toX, toY));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>${escaped(chart.title)}</title>`,
    `<style>${STYLE}\n</style>`,
    text(PLOT.left, 26, chart.title, 'class="title"'),
    text(PLOT.left, 46, chart.subtitle),
    ...chart.lines.map((line, index) =>
      legendEntry(line, styleOf(chart, index), chart.lines.slice(0, index)),
    ),
    ...chart.y.ticks.map((tick) => horizontalTick(toY(tick.at), tick.text)),
    ...chart.x.ticks.map((tick) => verticalTick(toX(tick.at), tick.text)),
    `<path class="axis" d="M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}" fill="none"/>`,
    text((PLOT.left + PLOT.right) / 2, HEIGHT - 12, chart.x.label, 'text-anchor="middle"'),
    verticalLabel(chart.y.label),
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}

/** The how-manieth of the lines that are no references. */
function styleOf({ lines }: Chart, index: number): number {
  return lines.slice(0, index).filter(({ reference }) => reference !== true).length % MARKS.length;
}

function scaleOf(axis: Axis, start: number, end: number): (value: number) => number {
  const along = axis.scale === 'log' ? Math.log : (value: number) => value;
  const from = along(axis.from);
  const until = along(axis.until);
  return (value) => {
    const share = (along(value) - from) / (until - from);
    return round(start + Math.min(1, Math.max(0, share)) * (end - start));
  };
}

function drawLine(
  line: Line,
  style: number,
  toX: (x: number) => number,
  toY: (y: number) => number,
): string {
  const className = line.reference === true ? 'line reference' : `line s${style}`;
  let path = '';
  let pen = 'M';
  const marks: string[] = [];
  for (const { x, y } of line.points) {
    if (Number.isNaN(y)) {
      pen = 'M';
      continue;
    }
    path +=
      line.steps === true && pen === 'L' ? `H${toX(x)}V${toY(y)}` : `${pen}${toX(x)} ${toY(y)}`;
    pen = 'L';
    marks.push(markAt(style, toX(x), toY(y)));
  }
  return [`<path class="${className}" d="${path}"/>`, ...(hasMarks(line) ? marks : [])].join('\n');
}

function legendEntry(line: Line, style: number, before: readonly Line[]): string {
  const x = round(PLOT.left + before.reduce((width, { label }) => width + legendWidth(label), 0));
  const reference = line.reference === true;
  const className = reference ? 'line reference' : `line s${style}`;
  const sample = `<path class="${className}" d="M${x} 70H${x + 26}"/>`;
  const mark = hasMarks(line) ? markAt(style, x + 13, 70) : '';
  return `${sample}${mark}${text(round(x + LEGEND.sample), 74, line.label)}`;
}

const legendWidth = (label: string): number =>
  LEGEND.sample + label.length * LEGEND.character + LEGEND.gap;

const hasMarks = ({ reference, points }: Line): boolean =>
  reference !== true && points.length <= MOST_MARKS;

function markAt(style: number, x: number, y: number): string {
  const attributes = `class="m${style}"`;
  switch (MARKS[style]) {
    case 'square':
      return `<rect ${attributes} x="${round(x - 4)}" y="${round(y - 4)}" width="8" height="8"/>`;
    case 'triangle':
      return `<path ${attributes} d="M${x} ${round(y - 5)}l5 9h-10z"/>`;
    case 'diamond':
      return `<path ${attributes} d="M${x} ${round(y - 5)}l5 5l-5 5l-5-5z"/>`;
    default:
      return `<circle ${attributes} cx="${x}" cy="${y}" r="4.5"/>`;
  }
}

function horizontalTick(y: number, label: string): string {
  const grid = `<path class="grid" d="M${PLOT.left} ${y}H${PLOT.right}"/>`;
  return grid + text(PLOT.left - 8, y + 4, label, 'text-anchor="end"');
}

function verticalTick(x: number, label: string): string {
  const grid = `<path class="grid" d="M${x} ${PLOT.top}V${PLOT.bottom}"/>`;
  return grid + text(x, PLOT.bottom + 18, label, 'text-anchor="middle"');
}

function verticalLabel(label: string): string {
  const middle = (PLOT.top + PLOT.bottom) / 2;
  return text(20, middle, label, `text-anchor="middle" transform="rotate(-90 20 ${middle})"`);
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const round = (value: number): number => Math.round(value * 10) / 10;
