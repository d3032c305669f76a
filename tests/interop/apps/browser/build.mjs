// Bundles each app of src/ into one file of dist/, which server.mjs serves as /app.js.
import { build } from "esbuild";

await build({
  entryPoints: ["src/oidc-client-ts.js", "src/amplify.js"],
  outdir: "dist",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  // The libraries' licence comments stay at the end of the bundle.
  legalComments: "eof",
});
