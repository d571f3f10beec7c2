export default function TickerPage() {
  return <h1>TickerPage</h1>;
}
