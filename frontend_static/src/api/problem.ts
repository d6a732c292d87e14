/** What the API says when it does not do what was asked (RFC 9457). */
import { SignedOutError } from "@/session/session";

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
    if (this.status === 0) return "The service can not be reached.";
    if (this.passing) return "The service did not answer.";
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
  if (error instanceof ApiError) return error.sentence;
  return error instanceof SignedOutError ? error.message : "Something went wrong on this page.";
}

/** Whether asking once more may go better. */
export function mayPass(error: unknown): boolean {
  if (error instanceof SignedOutError) return false;
  return !(error instanceof ApiError) || error.passing;
}

/** What is to be said of a query that failed; asking again is offered where it may go better. */
export function failure(query: { error: unknown; refetch: () => Promise<unknown> }): {
  sentence: string;
  onRetry?: () => void;
} {
  const said = sentence(query.error);
  return mayPass(query.error)
    ? { sentence: said, onRetry: () => void query.refetch() }
    : { sentence: said };
}
