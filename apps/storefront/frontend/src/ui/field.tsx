import { useId, type ComponentProps, type ReactNode } from "react";

interface Props extends ComponentProps<"input"> {
  label: ReactNode;
  hint?: ReactNode;
  /** Why what stands in it was refused. */
  wrong?: string | undefined;
}

/** An input with its label, and next to it what the API said about it. */
export function Field({ label, hint, wrong, ...input }: Props) {
  const id = useId();
  return (
    <div className="labelled">
      <label htmlFor={id}>{label}</label>
      <input id={id} aria-invalid={wrong ? true : undefined} aria-describedby={`${id}-hint ${id}-wrong`} {...input} />
      <div id={`${id}-hint`} className="soft">
        {hint}
      </div>
      <div id={`${id}-wrong`} className="wrong" role="alert">
        {wrong}
      </div>
    </div>
  );
}
