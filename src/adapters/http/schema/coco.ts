import { z } from 'zod';

const pair = z.tuple([z.int(), z.int()]).readonly();
const box = z.tuple([z.int(), z.int(), z.int(), z.int()]).readonly();

/** COCO's object detection format, as pycocotools loads it. */
export const CocoSchema = z
  .strictObject({
    info: z.strictObject({ description: z.string(), version: z.string() }),
    licenses: z.array(z.never()),
    images: z.array(
      z.strictObject({ id: z.int(), file_name: z.string(), width: z.int(), height: z.int() }),
    ),
    annotations: z.array(
      z.strictObject({
        id: z.int(),
        image_id: z.int(),
        category_id: z.int(),
        segmentation: z.strictObject({ size: pair, counts: z.string() }),
        area: z.int(),
        bbox: box.meta({ description: '`[x, y, width, height]`' }),
        iscrowd: z.literal(0),
      }),
    ),
    categories: z.array(
      z.strictObject({ id: z.int(), name: z.string(), supercategory: z.string() }),
    ),
  })
  .meta({ id: 'CocoDataset' });

export type CocoDataset = z.infer<typeof CocoSchema>;
