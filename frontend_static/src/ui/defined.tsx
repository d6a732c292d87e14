/** A word that links to what it means. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

interface DefinedProps {
  /** Where its definition stands: the part of the definitions and the name in it. */
  part: string;
  name: string;
  /** The meaning, for whoever points at it. */
  title?: string | undefined;
  children: ReactNode;
}

export function Defined({ part, name, title, children }: DefinedProps): ReactNode {
  return (
    <Link
      to="/definitions"
      hash={`${part}-${name}`}
      title={title}
      className="decoration-line-strong decoration-dotted underline-offset-3 hover:underline"
    >
      {children}
    </Link>
  );
}
