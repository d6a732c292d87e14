/** A page that is not there, and one that broke. */
import { Link, useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { sentence } from "@/api/problem";
import { buttonLook } from "@/ui/button";
import { Empty, Failed } from "@/ui/state";

export function NotFound(): ReactNode {
  return (
    <Empty title={<h1>There is no such page</h1>}>
      <p className="mb-4">The address may be misspelt, or the page was moved.</p>
      <Link to="/" className={buttonLook()}>
        Go to the home page
      </Link>
    </Empty>
  );
}

export function PageFailed({ error }: { error: unknown }): ReactNode {
  const router = useRouter();
  return (
    <>
      <h1 className="sr-only">A page that broke</h1>
      <Failed sentence={sentence(error)} onRetry={() => void router.invalidate()} />
    </>
  );
}
