export default function Times({ slug, service }: { slug: string; service: string }) {
  return <h1>times {slug} {service}</h1>;
}
