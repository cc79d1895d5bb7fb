/** Bodies that the endpoints for JSON refuse. */

/** A body as it is sent when it is text; the click endpoint's may need an image of the session. */
type Body = string | object | ((imageId: string) => string | object);

export interface BadInput {
  readonly what: string;
  readonly body: Body;
  /** 400 when absent. */
  readonly status?: number;
  /** `invalid_request` when absent. */
  readonly code?: string;
  /** Of the errors, in order. */
  readonly paths?: readonly string[];
  readonly type?: string;
}

const point = { x: 1, y: 1, label: 1 };
const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** Refused by all of them. */
export const ANY_JSON: readonly BadInput[] = [
  { what: 'broken JSON', body: '{"a":', paths: [''] },
  { what: 'NaN', body: '{"points":[{"x":NaN,"y":1,"label":1}]}', paths: [''] },
  { what: 'a trailing comma', body: '{"a":1,}', paths: [''] },
  { what: 'an array', body: '[]', paths: [''] },
  { what: 'null', body: 'null', paths: [''] },
  { what: 'a text', body: '"x"', paths: [''] },
  { what: 'white space only', body: ' \n', paths: [''] },
  { what: 'an unknown field', body: { nothing: 1 } },
  { what: 'deep nesting', body: `{"metadata":${deep(5_000)}}` },
  {
    what: 'text/plain',
    body: '{}',
    type: 'text/plain',
    status: 415,
    code: 'unsupported_media_type',
  },
  {
    what: 'a form',
    body: 'a=1',
    type: 'application/x-www-form-urlencoded',
    status: 415,
    code: 'unsupported_media_type',
  },
  {
    what: 'another charset',
    body: '{}',
    type: 'application/json; charset=latin1',
    status: 415,
    code: 'unsupported_media_type',
  },
  { what: '300 KiB', body: `"${'x'.repeat(300 * 1024)}"`, status: 413, code: 'payload_too_large' },
];

export const CLICKS: readonly BadInput[] = [
  { what: 'no imageId', body: { points: [point] }, paths: ['imageId'] },
  { what: 'an imageId that is none', body: { imageId: 'x', points: [point] }, paths: ['imageId'] },
  { what: 'a number as imageId', body: { imageId: 7, points: [point] }, paths: ['imageId'] },
  { what: 'neither points nor box', body: (imageId) => ({ imageId }), paths: ['points'] },
  { what: 'no points', body: (imageId) => ({ imageId, points: [] }), paths: ['points'] },
  {
    what: 'points that are no list',
    body: (imageId) => ({ imageId, points: {} }),
    paths: ['points'],
  },
  {
    what: 'a text as coordinate',
    body: (imageId) => ({ imageId, points: [point, { ...point, x: '1' }] }),
    paths: ['points[1].x'],
  },
  {
    what: 'a coordinate of null',
    body: (imageId) => ({ imageId, points: [{ ...point, y: null }] }),
    paths: ['points[0].y'],
  },
  {
    what: 'a number beyond doubles',
    body: (imageId) => `{"imageId":"${imageId}","points":[{"x":1e999,"y":1,"label":1}]}`,
    paths: ['points[0].x'],
  },
  {
    what: 'a label of 2',
    body: (imageId) => ({ imageId, points: [{ ...point, label: 2 }] }),
    paths: ['points[0].label'],
  },
  {
    what: 'a label of true',
    body: (imageId) => ({ imageId, points: [{ ...point, label: true }] }),
    paths: ['points[0].label'],
  },
  {
    what: 'unknown fields inside',
    body: (imageId) => ({ imageId, points: [{ ...point, z: 1 }], more: 1 }),
    paths: ['points[0].z', 'more'],
  },
  {
    what: 'a box without height',
    body: (imageId) => ({ imageId, box: { x: 1, y: 1, width: 1 } }),
    paths: ['box.height'],
  },
  {
    what: 'a long clientRef',
    body: (imageId) => ({ imageId, points: [point], clientRef: 'x'.repeat(201) }),
    paths: ['clientRef'],
  },
  {
    what: 'an objectId with a space',
    body: (imageId) => ({ imageId, points: [point], objectId: 'a b' }),
    paths: ['objectId'],
  },
  {
    what: 'a long objectId',
    body: (imageId) => ({ imageId, points: [point], objectId: 'x'.repeat(65) }),
    paths: ['objectId'],
  },
  {
    what: 'an empty objectId',
    body: (imageId) => ({ imageId, points: [point], objectId: '' }),
    paths: ['objectId'],
  },
  {
    what: 'a name given twice',
    body: (imageId) => `{"imageId":"${imageId}","points":[{"x":1,"y":1,"y":2,"label":1}]}`,
    paths: ['points[0].y'],
  },
  {
    what: 'an imageUrl',
    body: (imageId) => ({ imageId, points: [point], imageUrl: 'https://example.com/a.png' }),
    paths: ['imageUrl'],
  },
  {
    what: 'a point outside',
    body: (imageId) => ({ imageId, points: [{ ...point, x: 60 }] }),
    status: 422,
    code: 'out_of_bounds',
  },
  {
    what: 'a negative point',
    body: (imageId) => ({ imageId, points: [{ ...point, y: -0.5 }] }),
    status: 422,
    code: 'out_of_bounds',
  },
  {
    what: 'an empty box',
    body: (imageId) => ({ imageId, box: { x: 1, y: 1, width: 0, height: 5 } }),
    status: 422,
    code: 'out_of_bounds',
  },
  {
    what: 'a box that sticks out',
    body: (imageId) => ({ imageId, box: { x: 50, y: 1, width: 11, height: 5 } }),
    status: 422,
    code: 'out_of_bounds',
  },
  {
    what: 'an image of nobody',
    body: { imageId: `sha256-${'0'.repeat(64)}`, points: [point] },
    status: 404,
    code: 'image_not_found',
  },
  {
    what: 'more points than an object may have',
    body: (imageId) => ({ imageId, points: Array.from({ length: 101 }, () => point) }),
    status: 409,
    code: 'limit_reached',
  },
];

export const SESSIONS: readonly BadInput[] = [
  { what: 'a number as name', body: { name: 7 }, paths: ['name'] },
  { what: 'a long name', body: { name: 'x'.repeat(201) }, paths: ['name'] },
  { what: 'a list as metadata', body: { metadata: [] }, paths: ['metadata'] },
  {
    what: '17 KiB of metadata',
    body: { metadata: { a: 'x'.repeat(17_000) } },
    paths: ['metadata'],
  },
  {
    what: '__proto__ in metadata',
    body: '{"metadata":{"__proto__":1}}',
    paths: ['metadata.__proto__'],
  },
];

export const OBJECTS: readonly BadInput[] = [
  { what: 'a number as label', body: { label: 1 }, paths: ['label'] },
  { what: 'a long label', body: { label: 'x'.repeat(101) }, paths: ['label'] },
  { what: 'a long colour', body: { color: 'x'.repeat(65) }, paths: ['color'] },
  { what: 'a text as metadata', body: { metadata: 'x' }, paths: ['metadata'] },
];
