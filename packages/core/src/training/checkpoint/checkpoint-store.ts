/** The files of one checkpoint by name. */
export type CheckpointFiles = ReadonlyMap<string, Uint8Array>;

/**
 * Where a run keeps its checkpoints. `write` is atomic: after a crash at any moment a checkpoint is there whole or not at all, and
 * others are untouched. Node: `folderStore`. Anywhere: `memoryStore`; a browser may implement this over OPFS.
 */
export interface CheckpointStore {
  /** Where, for messages. */
  readonly place: string;
  /** Names of complete checkpoints, sorted. */
  list(): Promise<readonly string[]>;
  /**
   * Replaces a checkpoint of the same name.
   * @throws GLID_IO when the bytes cannot be made durable; nothing changed then
   */
  write(name: string, files: CheckpointFiles): Promise<void>;
  /** @throws GLID_IO when there is none of that name or it cannot be read */
  read(name: string): Promise<CheckpointFiles>;
  remove(name: string): Promise<void>;
}
