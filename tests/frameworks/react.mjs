// How the application of React is served.
import plugin from "@vitejs/plugin-react";

const include = [
  "react",
  "react-dom/client",
  "react/jsx-dev-runtime",
  "everwire",
  "everwire/react",
  "everwire/session",
];
export const react = { component: "Card.jsx", plugins: [plugin()], include };
