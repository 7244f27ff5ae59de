/** The mark of the product, a viewfinder with its subject, and its name. */
export function Brand() {
  return (
    <span className="brand">
      <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
        <rect width="24" height="24" rx="6" className="brand-plate" />
        <path
          d="M6 9.5V8a2 2 0 0 1 2-2h1.5M14.5 6H16a2 2 0 0 1 2 2v1.5M18 14.5V16a2 2 0 0 1-2 2h-1.5M9.5 18H8a2 2 0 0 1-2-2v-1.5"
          fill="none"
          stroke="#fff"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
        <circle cx="12" cy="12" r="2.4" fill="#fff" />
      </svg>
      <span>SessionShot</span>
    </span>
  );
}
