export default function Bookings() {
  return <h1>bookings </h1>;
}
