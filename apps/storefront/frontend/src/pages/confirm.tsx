export default function Confirm({ slug, service }: { slug: string; service: string }) {
  return <h1>confirm {slug} {service}</h1>;
}
