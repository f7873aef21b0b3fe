export default function Move({ id }: { id: string }) {
  return <h1>move {id}</h1>;
}
