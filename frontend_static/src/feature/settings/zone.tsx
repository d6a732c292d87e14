/** A time zone by its name, with those that the browser knows to choose from. */
import { type ReactNode, useId } from "react";
import { TextField } from "@/ui/field";

const ZONES = Intl.supportedValuesOf("timeZone");

interface ZoneFieldProps {
  value: string;
  error?: string | undefined;
  disabled?: boolean;
  onChange: (zone: string) => void;
}

export function ZoneField({ value, error, disabled, onChange }: ZoneFieldProps): ReactNode {
  const id = useId();
  return (
    <>
      <TextField
        label="Name"
        list={id}
        required
        disabled={disabled}
        error={error}
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
        }}
      />
      <datalist id={id}>
        {ZONES.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}
