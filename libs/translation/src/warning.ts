/** Something the backend cannot do, said instead of dropped in silence. */
export interface Warning {
  /** The path of the field in the client's request, such as `tools.3.strict`. */
  readonly field: string;
  readonly code: 'unsupported' | 'approximated' | 'clamped';
  readonly text: string;
}
