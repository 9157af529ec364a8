/** A thread that goes on: three strokes, one of them taken up again. */
export function Logo() {
  return (
    <svg
      viewBox="0 0 20 20"
      className="size-5 text-accent"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      aria-hidden
    >
      <path d="M4 4h12" />
      <path d="M4 10h5" />
      <path d="M12.5 10H16" opacity="0.55" />
      <path d="M4 16h12" />
    </svg>
  )
}
