export default function Salon({ slug }: { slug: string }) {
  return <h1>salon {slug}</h1>;
}
