const headers = [
  // Scripts aren't restricted here: Next.js puts inline scripts into its pages, and to allow them
  // alone, a proxy.js would have to make a nonce for each request (Next.js' guide "CSP").
  {
    key: "Content-Security-Policy",
    value: "base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
  },
  { key: "Referrer-Policy", value: "no-referrer" },
  { key: "X-Content-Type-Options", value: "nosniff" },
];

/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  headers: async () => [{ source: "/:path*", headers }],
};
