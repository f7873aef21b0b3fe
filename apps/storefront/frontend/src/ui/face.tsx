import "../styles/salons.css";

/** A picture of a person or a salon, or the first letter of the name where there is none. */
export function Face({ name, picture }: { name: string; picture?: string | null | undefined }) {
  if (picture) return <img className="face" src={picture} alt="" width="48" height="48" loading="lazy" />;
  return (
    <span className="face" aria-hidden="true">
      {name.trim().charAt(0)}
    </span>
  );
}
