"""The market: recorded and simulated bars, the exchange's calendar, the wall clock as a source."""
