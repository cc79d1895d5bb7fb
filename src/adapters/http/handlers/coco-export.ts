import type { ObjectBody, Snapshot } from '../../../protocol/bodies.ts';
import type { SegmentCompletedPayload } from '../../../protocol/events.ts';
import type { CocoDataset } from '../schema/coco.ts';

/** The category of objects that nobody labelled. */
const UNLABELLED = 'object';

/**
 * The masks of a session as a COCO data set (A16). Deterministic: images and annotations are numbered
 * in the order of the snapshot, categories in the order of their names. Objects without a mask are
 * left out.
 */
export function cocoDataset(snapshot: Snapshot): CocoDataset {
  const done = snapshot.objects.flatMap((object) => {
    const { result } = object;
    return result === undefined ? [] : [{ object, result }];
  });
  const labels = [...new Set(done.map(({ object }) => labelOf(object)))].sort();
  const imageIds = new Map(snapshot.images.map((image, i) => [image.imageId, i + 1]));
  return {
    info: { description: snapshot.name ?? 'Maskwire session', version: '1' },
    licenses: [],
    images: snapshot.images.map(({ imageId, name, width, height }, i) => ({
      id: i + 1,
      file_name: name ?? imageId,
      width,
      height,
    })),
    annotations: done.map(({ object, result }, i) => ({
      id: i + 1,
      image_id: imageIds.get(object.imageId) ?? 0,
      category_id: labels.indexOf(labelOf(object)) + 1,
      ...shape(result),
      iscrowd: 0,
    })),
    categories: labels.map((name, i) => ({ id: i + 1, name, supercategory: '' })),
  };
}

const labelOf = (object: ObjectBody): string => object.label || UNLABELLED;

function shape({ mask, bounds, area }: SegmentCompletedPayload) {
  const { x, y, width, height } = bounds ?? { x: 0, y: 0, width: 0, height: 0 };
  const [rows, columns] = mask.size;
  return {
    segmentation: { size: [rows, columns] as const, counts: mask.counts },
    area,
    bbox: [x, y, width, height] as const,
  };
}
