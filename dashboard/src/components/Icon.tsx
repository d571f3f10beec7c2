/** Line icons on a 16 px grid; what they mean is always said beside them. */

const PATHS = {
  portfolio: "M2.5 12.5 6 8l3 2.5 4.5-6M10.5 4.5h3v3",
  trades: "M2.5 4h11M2.5 8h11M2.5 12h7",
  strategies: "M8 2.5V8l4 3.5M2.25 8a5.75 5.75 0 1 0 11.5 0 5.75 5.75 0 1 0-11.5 0",
  news: "M4 3h8a1.5 1.5 0 0 1 1.5 1.5v7A1.5 1.500 0 0 1 12 13H4a1.500 1.500 0 0 1-1.500-1.500v-7A1.500 1.500 0 0 1 4 3zM5 6h6M5 8.500h6M5 11h3.500",
  backtests: "M3 8a5 5 0 1 1 1.500 3.600M3 13v-3h3M8 5.500V8l1.800 1.200",
  system:
    "M3.500 3h2a1 1 0 0 1 1 1v2a1 1 0 0 1-1 1h-2a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM10.500 3h2a1 1 0 0 1 1 1v2a1 1 0 0 1-1 1h-2a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM7 9.500h2a1 1 0 0 1 1 1v2a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1v-2a1 1 0 0 1 1-1zM4.500 7v1.200h7V7",
  halt: "M5.300 2h5.400L14 5.300v5.400L10.700 14H5.300L2 10.700V5.300zM6 8h4",
  search: "M2.750 7a4.250 4.250 0 1 0 8.500 0 4.250 4.250 0 1 0-8.500 0M10.200 10.200l3.300 3.300",
  sun: "M5.250 8a2.750 2.750 0 1 0 5.500 0 2.750 2.750 0 1 0-5.500 0M8 1.500V3M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1 1M11.600 11.600l1 1M3.400 12.600l1-1M11.600 4.400l1-1",
  check: "m3.500 8.500 3 3 6-7",
  cross: "m4 4 8 8M12 4l-8 8",
  right: "m6 3.500 4.500 4.500L6 12.500",
  down: "m3.500 6 4.500 4.500L12.500 6",
  up: "M8 12.500v-9M4.500 7 8 3.500 11.500 7",
  fall: "M8 3.500v9M4.500 9 8 12.500 11.500 9",
  level: "M3 8h10",
  warn: "M8 2.500 14.500 13.500h-13zM8 6.500v3M8 11.500v.1",
  download: "M8 2.500v7.500M4.500 7 8 10.500 11.500 7M2.500 13.500h11",
  key: "M2.500 10.500a2.500 2.500 0 1 0 5 0 2.500 2.500 0 1 0-5 0M6.800 8.700l5.700-5.700M10.500 5l1.800 1.800",
  eye: "M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8zM6 8a2 2 0 1 0 4 0 2 2 0 1 0-4 0",
  leave: "M6.500 13.500h-3a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1h3M10.500 11l3-3-3-3M13 8H6",
  seal: "M8 1.800 13.500 4v4c0 3.200-2.300 5.300-5.500 6.200C4.800 13.300 2.500 11.200 2.500 8V4zM5.500 8l1.800 1.800 3.200-3.600",
  out: "M6 3.500h-2.500v9h9V10M9 3h4v4M13 3 7.500 8.500",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark of the house: a tide's wire. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path d="M1.500 11c2.100 0 2.100-4.500 4.250-4.500S7.900 13.500 10 13.500s2.100-7 4.250-7S16.400 11 18.500 11" />
    </svg>
  );
}
