/** What can be wrong with a data set. */
export type IssueKind =
  | 'duplicate-id'
  | 'unreadable'
  | 'size'
  | 'unknown-label'
  | 'box-outside'
  | 'box-empty'
  | 'mask-empty'
  | 'mask-beyond-box'
  | 'joints'
  | 'joint-outside'
  | 'class-index'
  | 'segments'
  | 'depth-empty'
  | 'duplicate-picture'
  | 'shared-picture'
  | 'unused-label';

/** One finding. Errors spoil training or evaluation; warnings deserve a look. */
export interface DataIssue {
  readonly kind: IssueKind;
  readonly severity: 'error' | 'warning';
  /** Absent for findings about the whole set. */
  readonly record?: string;
  readonly source?: string;
  readonly message: string;
}

export type Report = (kind: IssueKind, severity: DataIssue['severity'], message: string) => void;
