/** What just happened, said quietly in a corner and read out. */
import { Toast as Base } from "@base-ui/react/toast";
import type { ReactNode } from "react";
import { classNames } from "./class-names";
import { Icon } from "./icon";

export function Toasts({ children }: { children: ReactNode }): ReactNode {
  return (
    <Base.Provider timeout={6000} limit={3}>
      {children}
      <Base.Portal>
        <Base.Viewport className="fixed right-3 bottom-18 left-3 z-50 lg:bottom-3 flex flex-col gap-2 sm:left-auto sm:w-96">
          <Shown />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function Shown(): ReactNode {
  const { toasts } = Base.useToastManager();
  return toasts.map((toast) => (
    <Base.Root
      key={toast.id}
      toast={toast}
      className={classNames(
        "flex items-start gap-2 rounded-md border bg-raised p-3 shadow-lg",
        toast.type === "failure" ? "border-critical" : "border-line",
      )}
    >
      <Base.Content className="flex-1">
        <Base.Title className="font-medium" />
        <Base.Description className="text-muted" />
      </Base.Content>
      <Base.Close aria-label="Dismiss" className="rounded p-0.5 text-muted hover:text-ink">
        <Icon name="close" />
      </Base.Close>
    </Base.Root>
  ));
}

/** Says what was done, or why it was not. */
export function useSay(): {
  done: (title: string) => void;
  failed: (title: string, why: string) => void;
} {
  const manager = Base.useToastManager();
  return {
    done: (title) => void manager.add({ title, type: "done" }),
    failed: (title, why) =>
      void manager.add({
        title,
        description: why,
        type: "failure",
        timeout: 12_000,
        priority: "high",
      }),
  };
}
