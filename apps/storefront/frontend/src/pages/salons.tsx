export function Salons() {
  return <h1>salons </h1>;
}
