import { useId, type ComponentProps, type ReactNode } from "react";

interface About {
  label: ReactNode;
  hint?: ReactNode;
  /** Why what stands in it was refused. */
  wrong?: string | undefined;
}

interface Wiring {
  id: string;
  "aria-invalid": true | undefined;
  "aria-describedby": string;
}

/** An input with its label, and next to it what the API said about it. */
export const Field = ({ label, hint, wrong, ...input }: About & ComponentProps<"input">) => (
  <Labelled label={label} hint={hint} wrong={wrong}>
    {(wiring) => <input {...wiring} {...input} />}
  </Labelled>
);

export const TextField = ({ label, hint, wrong, ...text }: About & ComponentProps<"textarea">) => (
  <Labelled label={label} hint={hint} wrong={wrong}>
    {(wiring) => <textarea {...wiring} {...text} />}
  </Labelled>
);

function Labelled({ label, hint, wrong, children }: About & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  return (
    <div className="labelled">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-invalid": wrong ? true : undefined, "aria-describedby": `${id}-hint ${id}-wrong` })}
      <div id={`${id}-hint`} className="soft">
        {hint}
      </div>
      <div id={`${id}-wrong`} className="wrong" role="alert">
        {wrong}
      </div>
    </div>
  );
}
