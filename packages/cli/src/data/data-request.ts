import type { Format, Part } from './formats.ts';

/** Which data set, as the options say it. */
export interface DataRequest {
  /** A folder, an annotation file, `synthetic` or `synthetic-figures`. */
  readonly data: string;
  readonly part: Part;
  readonly format?: Format | undefined;
  readonly split?: string | undefined;
  /** Folder of the pictures, annotation file or folder, list of pictures, all relative to the data folder. */
  readonly images?: string | undefined;
  readonly annotations?: string | undefined;
  readonly list?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  /** A file that names the classes of stored values. */
  readonly categories?: string | undefined;
  /** Metres a grey level of depth maps. */
  readonly depthUnit?: number | undefined;
  /** Only the first so many records; how many scenes are drawn. */
  readonly limit?: number | undefined;
  /** Of synthetic pictures. */
  readonly seed?: number | undefined;
  readonly size?: readonly [height: number, width: number] | undefined;
  /** Formats that carry what is needed, best first: decides where a folder has several. */
  readonly wanted?: readonly Format[] | undefined;
  /** Keypoint annotations are wanted rather than instances. */
  readonly joints?: boolean | undefined;
}
