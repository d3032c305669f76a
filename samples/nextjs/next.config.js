const headers = [
  // Scripts aren't restricted here: Next.js puts inline scripts into its pages, and to allow them
  // alone, a proxy.js would have to make a nonce for each request (Next.js' guide "CSP").
  {
    key: "Content-Security-Policy",
    value: "base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
  },
  // Not no-referrer: forms would then have "Origin: null", which Next.js refuses.
  { key: "Referrer-Policy", value: "same-origin" },
  { key: "X-Content-Type-Options", value: "nosniff" },
];

/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  // `next dev` logs the URLs of requests, and that of a callback has the code in it.
  logging: { incomingRequests: { ignore: [/\/api\/auth\/callback\//] } },
  headers: async () => [{ source: "/:path*", headers }],
};
