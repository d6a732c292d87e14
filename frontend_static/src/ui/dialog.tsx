/** A question in front of the page. */
import { Dialog as Base } from "@base-ui/react/dialog";
import { type ReactNode, useRef } from "react";
import { Icon } from "./icon";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  about?: ReactNode;
  children: ReactNode;
  /** Whether a click beside it, or Escape, closes it. */
  dismissible?: boolean;
}

export function Dialog({
  open,
  onClose,
  title,
  about,
  children,
  dismissible = true,
}: DialogProps): ReactNode {
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Base.Root
      open={open}
      onOpenChange={(next) => {
        if (!next && dismissible) onClose();
      }}
    >
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-30 bg-black/40" />
        <Base.Popup
          ref={popup}
          // Where typing begins, but for fingers, whose keyboard would come up at once.
          initialFocus={(by) =>
            by === "touch" ||
            (popup.current?.querySelector<HTMLElement>("input, textarea, [role=combobox]") ?? null)
          }
          className="fixed inset-x-3 top-[10dvh] z-40 mx-auto max-h-[80dvh] max-w-lg overflow-y-auto rounded-lg border border-line bg-raised p-5 shadow-xl"
        >
          <div className="mb-3 flex items-start justify-between gap-4">
            <div>
              <Base.Title className="text-base font-semibold">{title}</Base.Title>
              {about && <Base.Description className="mt-1 text-muted">{about}</Base.Description>}
            </div>
            {dismissible && (
              <Base.Close aria-label="Close" className="rounded p-1 text-muted hover:text-ink">
                <Icon name="close" />
              </Base.Close>
            )}
          </div>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
