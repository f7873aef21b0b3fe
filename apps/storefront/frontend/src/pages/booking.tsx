export default function Booking({ id, returning = false }: { id: string; returning?: boolean }) {
  return <h1>booking {id} {String(returning)}</h1>;
}
