export default function BacktestRun() {
  return <h1>BacktestRun</h1>;
}
