/** What the API says when it does not do what was asked (RFC 9457). */

export interface FieldError {
  field: string;
  message: string;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    title: string,
    readonly detail: string | null = null,
    readonly errors: readonly FieldError[] = [],
  ) {
    super(title);
  }

  /** Whether the same request may go through later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** One sentence for a person. */
  get sentence(): string {
    if (this.errors.length) return this.errors.map((e) => `${e.field}: ${e.message}`).join("; ");
    if (this.status === 0) return "The service can not be reached. It is asked again by itself.";
    if (this.passing) return "The service did not answer. It is asked again by itself.";
    return this.detail ?? this.message;
  }
}

export async function problem(answer: Response): Promise<ApiError> {
  const said = (await answer.json().catch(() => null)) as Partial<{
    title: string;
    detail: string;
    errors: FieldError[];
  }> | null;
  return new ApiError(
    answer.status,
    said?.title ?? `Error ${String(answer.status)}`,
    said?.detail ?? null,
    said?.errors ?? [],
  );
}

/** Any failure in a sentence. */
export function sentence(error: unknown): string {
  return error instanceof ApiError ? error.sentence : "Something went wrong on this page.";
}
