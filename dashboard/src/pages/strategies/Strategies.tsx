export default function Strategies() {
  return <h1>Strategies</h1>;
}
